// The buttons that copy the address of a link.

const SHOWN = 2000;

function showCopied(button) {
  const text = button.textContent;
  if (text === button.dataset.copied) return;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = text; }, SHOWN);
}

// The clipboard is available only over HTTPS and on localhost, and users can deny access to it. If it is unavailable,
// the address stays selected, so that it can be copied with the browser's own command.
for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", () => {
    const field = button.previousElementSibling;
    field.select();
    navigator.clipboard?.writeText(field.value).then(() => showCopied(button), () => field.select());
  });
}
