"use strict";

// The drawing canvas, the bars and the network's input. Who predicts is passed to `start`: the
// server (server.js), or the network in the page itself (standalone.js).

const canvas = document.getElementById("drawing");
const ctx = canvas.getContext("2d");
const SIDE = 280; // of the canvas, in its own units
const MAX_PIXEL_RATIO = 3; // pixels per unit on screens of high resolution
const STROKE_WIDTH = 20; // units: similar to MNIST's stroke width
const MAX_DRAWING_SIDE = 280; // pixels; larger drawings are downscaled before they are predicted
const SORTED_FROM = 11; // classes: the bars are then sorted, because not all are visible at once
const CONFIDENCE_THRESHOLD = 0.9; // below it, the page says that the model is not sure

let drawMessage = "Draw a digit with a mouse, a pen or a finger.";

// {name, classes, shape, privacy, predictDrawing}; predictDrawing(canvas) returns or resolves
// to {label, probabilities, image}, with a probability for each class, or {error}.
let predictor;
let requestId = 0; // of the latest request; responses to earlier requests are ignored

// -- output ---------------------------------------------------------------------------------

function percent(p) {
  return `${(100 * p).toFixed(1)}%`;
}

function showBars(probabilities) {
  const order = probabilities.map((_, i) => i);
  const best = probabilities.indexOf(Math.max(...probabilities));
  if (order.length >= SORTED_FROM) order.sort((i, j) => probabilities[j] - probabilities[i]);
  document.getElementById("bars").replaceChildren(...order.map((i) => {
    const p = probabilities[i];
    const item = document.createElement("li");
    item.classList.toggle("first", p > 0 && i === best);
    for (const name of ["label", "track", "percent"]) {
      item.appendChild(document.createElement("span")).className = name;
    }
    const [text, track, number] = item.children;
    text.textContent = predictor.classes[i];
    track.setAttribute("aria-hidden", "true");
    const bar = track.appendChild(document.createElement("span"));
    bar.className = "bar";
    bar.style.width = percent(p);
    number.textContent = percent(p);
    return item;
  }));
}

// Show an image of `shape` [height, width] or [height, width, 3].
function showPixels(image, [height, width, channels = 1]) {
  const input = document.getElementById("network-input");
  [input.width, input.height] = [width, height];
  const context = input.getContext("2d");
  const pixels = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const color = image.slice(channels * i, channels * (i + 1));
    pixels.data.set([...(channels === 1 ? [color[0], color[0], color[0]] : color), 255], 4 * i);
  }
  context.putImageData(pixels, 0, 0);
  document.getElementById("size").textContent = `${width} × ${height}`;
}

// The label of a RejectClassifier that abstains is not among the classes.
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

function reset(message = drawMessage, isError = false) {
  const { classes, shape } = predictor;
  showMessage(message, "", isError);
  showBars(classes.map(() => 0));
  showPixels(new Array(shape.reduce((a, b) => a * b)).fill(0), shape);
  showTime("");
  predictor.hideExplanation?.();
}

// Show the result that `compute` returns or resolves to.
async function predict(compute, start = performance.now()) {
  const id = ++requestId;
  const result = await compute();
  if (id !== requestId) return;
  if (result.error) {
    reset(result.error, true);
    return;
  }
  showPrediction(result.label, result.probabilities[predictor.classes.indexOf(result.label)]);
  showBars(result.probabilities);
  showPixels(result.image, predictor.shape);
  showTime(`Predicted in ${Math.round(performance.now() - start)} ms.`);
}

// -- drawing --------------------------------------------------------------------------------

let activePointer = null; // id of the pointer that draws
let lastPosition;

function clear() {
  requestId += 1;
  activePointer = null;
  canvas.classList.remove("photo");
  ctx.clearRect(0, 0, SIDE, SIDE);
  reset();
}

function canvasPosition(event) {
  const box = canvas.getBoundingClientRect();
  const scale = SIDE / box.width;
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
}

// Only the last segment is drawn: a whole stroke would take longer with every point.
function lineTo(position) {
  ctx.beginPath();
  ctx.moveTo(...lastPosition);
  ctx.lineTo(...position);
  ctx.stroke();
  lastPosition = position;
}

function startStroke(event) {
  if (!predictor || activePointer !== null || event.button !== 0) return;
  if (canvas.classList.contains("photo")) clear();
  activePointer = event.pointerId;
  canvas.setPointerCapture(activePointer);
  lastPosition = canvasPosition(event);
  lineTo(lastPosition); // so that a tap draws a dot
}

function continueStroke(event) {
  if (event.pointerId !== activePointer) return;
  // Browsers report the points of a fast stroke in batches.
  const events = event.getCoalescedEvents?.() ?? [];
  for (const point of events.length ? events : [event]) lineTo(canvasPosition(point));
}

function endStroke(event) {
  if (event.pointerId !== activePointer) return;
  activePointer = null;
  predict(() => predictor.predictDrawing(downscale(canvas, MAX_DRAWING_SIDE)), event.timeStamp);
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

// -- start ----------------------------------------------------------------------------------

function prepareCanvas() {
  const ratio = Math.min(Math.ceil(devicePixelRatio), MAX_PIXEL_RATIO);
  canvas.width = canvas.height = ratio * SIDE;
  ctx.scale(ratio, ratio);
  ctx.lineWidth = STROKE_WIDTH;
  ctx.lineCap = ctx.lineJoin = "round";
  ctx.strokeStyle = "black";
  canvas.addEventListener("pointerdown", startStroke);
  canvas.addEventListener("pointermove", continueStroke);
  canvas.addEventListener("pointerup", endStroke);
  canvas.addEventListener("pointercancel", endStroke);
}

// Call what the model classifies an image, not a digit, in all texts.
function replaceDigit() {
  const replaced = (text) => text.replaceAll("a digit", "an image").replaceAll("digit", "image");
  document.title = replaced(document.title);
  drawMessage = replaced(drawMessage);
  for (const element of document.querySelectorAll("h1, h2, #hint, [aria-label]")) {
    if (element.hasAttribute("aria-label")) element.ariaLabel = replaced(element.ariaLabel);
    else element.textContent = replaced(element.textContent);
  }
}

function start(newPredictor) {
  predictor = newPredictor;
  if (!predictor.classes.every((label) => /^[0-9]$/.test(label))) replaceDigit();
  document.getElementById("model").textContent = `Model: ${predictor.name}. ${predictor.privacy}`;
  document.getElementById("clear").addEventListener("click", clear);
  clear();
}

prepareCanvas();
