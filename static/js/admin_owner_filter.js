// Labels the owner filter for screen readers: select2 does not label the element that it creates. Uses jQuery's
// ready(), because its callbacks run after the one in which select2 creates the element.

globalThis.django.jQuery(() => {
  for (const field of document.querySelectorAll(".owner-filter .select2-selection__rendered")) {
    field.setAttribute("aria-label", field.closest(".owner-filter").querySelector("label").textContent);
  }
});
