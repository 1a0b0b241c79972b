"use strict";

// The server predicts drawings and photos.

const MAX_PHOTO_SIDE = 1200; // pixels
const SENT_UNCHANGED = { types: ["image/png", "image/jpeg", "image/bmp"], bytes: 900_000 };

// -- requests -------------------------------------------------------------------------------

async function send(blob) {
  let result;
  try {
    const response = await fetch("/predict", {
      method: "POST", body: blob, headers: { "Content-Type": blob.type },
    });
    result = await response.json();
  } catch {
    return { error: "The server does not respond. Check that it is still running." };
  }
  return result.error ? result : { ...result, probabilities: result.probabilities.map(([, p]) => p) };
}

// Not canvas.toBlob: Chromium delays it for up to a second after a pen stroke.
function encode(source, type) {
  const bytes = atob(source.toDataURL(type, 0.9).split(",")[1]);
  return new Blob([Uint8Array.from(bytes, (char) => char.charCodeAt(0))], { type });
}

// -- photos ---------------------------------------------------------------------------------

async function loadPhoto(file) {
  clear();
  const id = requestId;
  let photo;
  try {
    photo = await createImageBitmap(file);
  } catch {
    if (id === requestId) reset("The browser cannot read this file as an image.", true);
    return;
  }
  if (id !== requestId) return;
  const scale = Math.min(SIDE / photo.width, SIDE / photo.height);
  const [width, height] = [photo.width * scale, photo.height * scale];
  canvas.classList.add("photo");
  ctx.drawImage(photo, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
  const { types, bytes } = SENT_UNCHANGED;
  const isSmall = Math.max(photo.width, photo.height) <= MAX_PHOTO_SIDE;
  const isSentUnchanged = isSmall && types.includes(file.type) && file.size <= bytes;
  const image = isSentUnchanged ? file : encode(downscale(photo, MAX_PHOTO_SIDE), "image/jpeg");
  predict(() => send(image));
}

function loadFirst(files) {
  if (files?.length) loadPhoto(files[0]);
}

const file = document.getElementById("file");
document.getElementById("choose").addEventListener("click", () => file.click());
file.addEventListener("change", () => {
  loadFirst(file.files);
  file.value = ""; // so that the same file can be chosen again
});
document.addEventListener("paste", (event) => loadFirst(event.clipboardData?.files));
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("over");
  loadFirst(event.dataTransfer?.files);
});

// -- start ----------------------------------------------------------------------------------

fetch("/model").then((response) => response.json()).then((model) => start({
  ...model,
  privacy: "Images are sent only to your own server and are not stored.",
  predictDrawing: (drawing) => send(encode(drawing, "image/png")),
}));
