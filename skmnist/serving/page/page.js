"use strict";

const canvas = document.getElementById("drawing");
const ctx = canvas.getContext("2d");
const STROKE_WIDTH = 20; // in pixels of the 280 pixel canvas: similar to MNIST's stroke width
const MAX_DRAWING_SIDE = 140; // pixels; larger drawings are downscaled before they are sent
const MAX_PHOTO_SIDE = 1200; // pixels
const MAX_BARS = 10;
const CONFIDENCE_THRESHOLD = 0.9; // below it, the page says that the model is not sure
const SENT_UNCHANGED = { types: ["image/png", "image/jpeg", "image/bmp"], bytes: 900_000 };

let classes = [];
let inputShape = [28, 28]; // of the network
let requestId = 0; // of the latest request; responses to earlier requests are ignored

// -- output ---------------------------------------------------------------------------------

function percent(p) {
  return `${(100 * p).toFixed(1)}%`;
}

function showBars(probabilities) {
  const labels = Object.keys(probabilities);
  const best = labels.reduce((a, b) => (probabilities[b] > probabilities[a] ? b : a));
  let shown = classes;
  if (classes.length > MAX_BARS) {
    shown = [...classes].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, MAX_BARS);
  }
  document.getElementById("bars").replaceChildren(...shown.map((label) => {
    const p = probabilities[label];
    const item = document.createElement("li");
    item.classList.toggle("first", p > 0 && label === best);
    for (const name of ["label", "track", "percent"]) {
      item.appendChild(document.createElement("span")).className = name;
    }
    const [text, track, number] = item.children;
    text.textContent = label;
    track.setAttribute("aria-hidden", "true");
    const bar = track.appendChild(document.createElement("span"));
    bar.className = "bar";
    bar.style.width = percent(p);
    number.textContent = percent(p);
    return item;
  }));
}

// Show an image of `shape` (height, width) or (height, width, 3).
function showPixels(image, shape) {
  const [height, width, channels = 1] = shape;
  const input = document.getElementById("network-input");
  [input.width, input.height] = [width, height];
  const context = input.getContext("2d");
  const pixels = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const color = image.slice(channels * i, channels * (i + 1));
    pixels.data.set([...(channels === 1 ? [color[0], color[0], color[0]] : color), 255], 4 * i);
  }
  context.putImageData(pixels, 0, 0);
  document.getElementById("input-size").textContent = ` × `;
}

// The label of a RejectClassifier that abstains is not among the probabilities.
function showPrediction(label, p) {
  if (p === undefined) showMessage("Not sure: the model rejected this image.", "?");
  else if (p < CONFIDENCE_THRESHOLD) showMessage(`Not sure (${percent(p)})`, `${label}?`);
  else showMessage(`(${percent(p)})`, label);
}

function showMessage(message, label = "", isError = false) {
  const prediction = document.getElementById("prediction");
  const strong = document.createElement("strong");
  strong.textContent = label;
  prediction.replaceChildren(...(label ? [strong, " "] : []), message);
  prediction.classList.toggle("error", isError);
}

function showTime(message) {
  document.getElementById("time").textContent = message;
}

function reset(message = "Draw a digit with a mouse, a pen or a finger.", isError = false) {
  showMessage(message, "", isError);
  showBars(Object.fromEntries(classes.map((label) => [label, 0])));
  showPixels(new Array(inputShape.reduce((a, b) => a * b)).fill(0), inputShape);
  showTime("");
}

// -- requests -------------------------------------------------------------------------------

async function predict(blob, start = performance.now()) {
  const id = ++requestId;
  let result;
  try {
    const response = await fetch("/predict", {
      method: "POST", body: blob, headers: { "Content-Type": blob.type },
    });
    result = await response.json();
  } catch {
    result = { error: "The server does not respond. Check that it is still running." };
  }
  if (id !== requestId) return;
  if (result.error) {
    reset(result.error, true);
    return;
  }
  const probabilities = Object.fromEntries(result.probabilities);
  showPrediction(result.label, probabilities[result.label]);
  showBars(probabilities);
  showPixels(result.image, result.shape);
  showTime(`Predicted in ${Math.round(performance.now() - start)} ms.`);
}

// Return a copy of an image on a white background, at most `side` pixels wide and high.
function downscale(source, side) {
  const scale = Math.min(1, side / Math.max(source.width, source.height));
  const copy = document.createElement("canvas");
  copy.width = Math.max(1, Math.round(source.width * scale));
  copy.height = Math.max(1, Math.round(source.height * scale));
  const context = copy.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, copy.width, copy.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, copy.width, copy.height);
  return copy;
}

// Not canvas.toBlob: Chromium delays it for up to a second after a pen stroke.
function encode(source, type) {
  const bytes = atob(source.toDataURL(type, 0.9).split(",")[1]);
  return new Blob([Uint8Array.from(bytes, (char) => char.charCodeAt(0))], { type });
}

// -- drawing --------------------------------------------------------------------------------

let activePointer = null; // id of the pointer that draws

function clear() {
  requestId += 1;
  activePointer = null;
  canvas.classList.remove("photo");
  ctx.clearRect(0, 0, canvas.width, canvas.height);
  reset();
}

function canvasPosition(event) {
  const box = canvas.getBoundingClientRect();
  const scale = canvas.width / box.width;
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
}

function lineTo([x, y]) {
  ctx.lineTo(x, y);
  ctx.stroke();
}

canvas.addEventListener("pointerdown", (event) => {
  if (activePointer !== null || event.button !== 0) return;
  if (canvas.classList.contains("photo")) clear();
  activePointer = event.pointerId;
  canvas.setPointerCapture(activePointer);
  ctx.lineWidth = STROKE_WIDTH;
  ctx.lineCap = ctx.lineJoin = "round";
  ctx.strokeStyle = "black";
  ctx.beginPath();
  ctx.moveTo(...canvasPosition(event));
  lineTo(canvasPosition(event)); // so that a tap draws a dot
});

canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId !== activePointer) return;
  // Browsers report the points of a fast stroke in batches.
  const events = event.getCoalescedEvents?.() ?? [];
  for (const point of events.length ? events : [event]) lineTo(canvasPosition(point));
});

for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => {
    if (event.pointerId !== activePointer) return;
    activePointer = null;
    predict(encode(downscale(canvas, MAX_DRAWING_SIDE), "image/png"), event.timeStamp);
  });
}

document.getElementById("clear").addEventListener("click", clear);

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
  const scale = Math.min(canvas.width / photo.width, canvas.height / photo.height);
  const [width, height] = [photo.width * scale, photo.height * scale];
  canvas.classList.add("photo");
  ctx.drawImage(photo, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  const { types, bytes } = SENT_UNCHANGED;
  const small = Math.max(photo.width, photo.height) <= MAX_PHOTO_SIDE;
  if (small && types.includes(file.type) && file.size <= bytes) predict(file);
  else predict(encode(downscale(photo, MAX_PHOTO_SIDE), "image/jpeg"));
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

fetch("/model").then((response) => response.json()).then((model) => {
  classes = model.classes;
  inputShape = model.shape;
  document.getElementById("model").textContent =
    `Model: ${model.name}. Images are sent only to your own server and are not stored.`;
  clear();
});
