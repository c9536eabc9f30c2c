// The script of the page of a picture or video: a notice instead of a video that the browser cannot play.

for (const video of document.querySelectorAll("figure > video")) {
  video.addEventListener("error", () => {
    const image = new Image();
    image.src = video.poster;
    image.alt = video.ariaLabel;
    document.querySelector(".unplayable").hidden = false;
    video.replaceWith(image);
  });
}
