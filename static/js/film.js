// On a video's page, shows a notice and the poster if the browser cannot play the video.

for (const video of document.querySelectorAll("figure > video")) {
  video.addEventListener("error", () => {
    const image = new Image();
    image.src = video.poster;
    image.alt = video.ariaLabel;
    document.querySelector(".unplayable").hidden = false;
    video.replaceWith(image);
  });
}
