// Labels the owner filter for screen readers: select2 does not pass the label on to the element that it draws. Uses
// jQuery's ready(), which runs after the callback that draws it.

globalThis.django.jQuery(() => {
  for (const field of document.querySelectorAll(".owner-filter .select2-selection__rendered")) {
    field.setAttribute("aria-label", field.closest(".owner-filter").querySelector("label").textContent);
  }
});
