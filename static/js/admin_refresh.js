// Refreshes the content of an admin page at an interval and keeps the scroll position.

const { seconds } = document.getElementById("admin-refresh").dataset;

async function refresh() {
  try {
    const response = await fetch(window.location.href, { cache: "no-store", redirect: "error" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const content = response.ok && page.getElementById("content-main");
    if (content) document.getElementById("content-main").replaceWith(content);
  } catch (error) {
    // TypeError: signed out or offline. Keep showing the old content, with its time.
    if (!(error instanceof TypeError)) throw error;
  }
}

setInterval(() => document.hidden || refresh(), seconds * 1000);
