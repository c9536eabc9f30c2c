// Gives the field that is drawn for choosing an owner the name of its label, which the library behind it leaves out.
// By jQuery: its callbacks run in their order, and the field is drawn in an earlier one.

globalThis.django.jQuery(() => {
  for (const field of document.querySelectorAll(".owner-filter .select2-selection__rendered")) {
    field.setAttribute("aria-label", field.closest(".owner-filter").querySelector("label").textContent);
  }
});
