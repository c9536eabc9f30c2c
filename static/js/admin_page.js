// Looks at this page again and takes its content over; whoever reads it keeps the place.

const { seconds } = document.getElementById("look-again").dataset;

async function look() {
  try {
    const answer = await fetch(window.location.href, { cache: "no-store", redirect: "error" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = answer.ok && page.getElementById("content-main");
    if (fresh) document.getElementById("content-main").replaceWith(fresh);
  } catch (error) {
    // Signed out or offline: what is shown stays, with its time.
    if (!(error instanceof TypeError)) throw error;
  }
}

setInterval(() => document.hidden || look(), seconds * 1000);
