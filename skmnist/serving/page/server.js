"use strict";

// The server predicts drawings and photos.

const MAX_PHOTO_SIDE = 1200; // pixels
const SENT_UNCHANGED = { types: ["image/png", "image/jpeg", "image/bmp"], bytes: 900_000 };

// -- requests -------------------------------------------------------------------------------

async function post(path, blob) {
  try {
    const response = await fetch(path, {
      method: "POST", body: blob, headers: { "Content-Type": blob.type },
    });
    return await response.json();
  } catch {
    return { error: "The server does not respond. Check that it is still running." };
  }
}

async function send(blob) {
  hideExplanation();
  explained = blob;
  const result = await post("/predict", blob);
  if (result.error) return result;
  explainButton.hidden = explained !== blob;
  return { ...result, probabilities: result.probabilities.map(([, p]) => p) };
}

// Not canvas.toBlob: Chromium delays it for up to a second after a pen stroke.
function encode(source, type) {
  const bytes = atob(source.toDataURL(type, 0.9).split(",")[1]);
  return new Blob([Uint8Array.from(bytes, (char) => char.charCodeAt(0))], { type });
}

// -- explanation ----------------------------------------------------------------------------

const explainButton = document.getElementById("explain");
const explanation = document.getElementById("explanation");
let explained = null; // the image that the button explains: the latest one

function hideExplanation() {
  explained = null;
  explainButton.hidden = true;
  explanation.replaceChildren();
}

explainButton.addEventListener("click", async () => {
  const image = explained;
  const result = await post("/explain", image);
  if (image !== explained) return;
  if (result.error) explanation.replaceChildren(result.error);
  else explanation.replaceChildren(...result.explanations.map(drawExplanation), explanationHint());
});

function drawExplanation({ label, image }) {
  const [height, width] = predictor.shape;
  const figure = document.createElement("figure");
  const map = figure.appendChild(document.createElement("canvas"));
  [map.width, map.height] = [width, height];
  map.setAttribute("role", "img");
  map.setAttribute("aria-label", `What speaks for ${label}`);
  const pixels = map.getContext("2d").createImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    pixels.data.set([...image.slice(3 * i, 3 * i + 3), 255], 4 * i);
  }
  map.getContext("2d").putImageData(pixels, 0, 0);
  figure.appendChild(document.createElement("figcaption")).textContent = `What speaks for ${label}`;
  return figure;
}

function explanationHint() {
  const hint = document.createElement("p");
  hint.textContent = "Without a red part, the label is less probable; without a blue part, more.";
  return hint;
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
  hideExplanation,
}));
