"use strict";

const paper = document.getElementById("paper");
const pen = paper.getContext("2d");
const STROKE = 20; // of the paper's 280 pixels: about as thick as MNIST's
const SENT_SIDE = 140; // pixels of a drawing that are sent: more than the network can use
const PHOTO_SIDE = 1200; // likewise of a photo
const MOST_BARS = 10;
const SENT_AS_IT_IS = { types: ["image/png", "image/jpeg", "image/bmp"], bytes: 900_000 };

let classes = [];
let question = 0; // number of the latest; answers to earlier ones are dropped

// -- what is shown --------------------------------------------------------------------------

function percent(p) {
  return `${(100 * p).toFixed(1)}%`;
}

function showBars(probabilities) {
  const labels = Object.keys(probabilities);
  const best = labels.reduce((a, b) => (probabilities[b] > probabilities[a] ? b : a));
  let shown = classes;
  if (classes.length > MOST_BARS) {
    shown = [...classes].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, MOST_BARS);
  }
  document.getElementById("bars").replaceChildren(...shown.map((label) => {
    const p = probabilities[label];
    const row = document.createElement("li");
    row.classList.toggle("first", p > 0 && label === best);
    for (const name of ["label", "track", "percent"]) {
      row.appendChild(document.createElement("span")).className = name;
    }
    const [text, track, number] = row.children;
    text.textContent = label;
    track.setAttribute("aria-hidden", "true");
    const bar = track.appendChild(document.createElement("span"));
    bar.className = "bar";
    bar.style.width = percent(p);
    number.textContent = percent(p);
    return row;
  }));
}

function showPixels(image) {
  const seen = document.getElementById("seen").getContext("2d");
  const pixels = seen.createImageData(28, 28);
  image.forEach((value, i) => pixels.data.set([value, value, value, 255], 4 * i));
  seen.putImageData(pixels, 0, 0);
}

function showAnswer(words, label = "", isError = false) {
  const answer = document.getElementById("answer");
  const strong = document.createElement("strong");
  strong.textContent = label;
  answer.replaceChildren(...(label ? [strong, " "] : []), words);
  answer.classList.toggle("error", isError);
}

function showTime(words) {
  document.getElementById("time").textContent = words;
}

function showNothing(words = "Draw with a mouse, a pen or a finger.", isError = false) {
  showAnswer(words, "", isError);
  showBars(Object.fromEntries(classes.map((label) => [label, 0])));
  showPixels(new Array(28 * 28).fill(0));
  showTime("");
}

// -- asking ---------------------------------------------------------------------------------

async function ask(blob) {
  const number = ++question;
  const start = performance.now();
  let found;
  try {
    const reply = await fetch("/predict", {
      method: "POST", body: blob, headers: { "Content-Type": blob.type },
    });
    found = await reply.json();
  } catch {
    found = { error: "The server does not answer. Is it still running?" };
  }
  if (number !== question) return;
  if (found.error) {
    showNothing(found.error, true);
    return;
  }
  const probabilities = Object.fromEntries(found.probabilities);
  const p = probabilities[found.label];
  showAnswer(p === undefined ? "" : `with ${percent(p)}`, found.label);
  showBars(probabilities);
  showPixels(found.image);
  showTime(`Answered in ${Math.round(performance.now() - start)} ms.`);
}

// A copy of a picture that is at most `side` pixels wide and high, on white.
function copyOf(source, side) {
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

function askWith(canvas, type) {
  canvas.toBlob((blob) => ask(blob), type, 0.9);
}

// -- drawing --------------------------------------------------------------------------------

let stroke = null; // the pointer that draws

function clear() {
  question += 1;
  stroke = null;
  paper.classList.remove("photo");
  pen.clearRect(0, 0, paper.width, paper.height);
  showNothing();
}

function place(event) {
  const box = paper.getBoundingClientRect();
  const scale = paper.width / box.width;
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
}

function lineTo([x, y]) {
  pen.lineTo(x, y);
  pen.stroke();
}

paper.addEventListener("pointerdown", (event) => {
  if (stroke !== null || event.button !== 0) return;
  if (paper.classList.contains("photo")) clear();
  stroke = event.pointerId;
  paper.setPointerCapture(stroke);
  pen.lineWidth = STROKE;
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = "black";
  pen.beginPath();
  pen.moveTo(...place(event));
  lineTo(place(event)); // a dot
});

paper.addEventListener("pointermove", (event) => {
  if (event.pointerId !== stroke) return;
  // The browser reports a quick stroke's points in bunches.
  const events = event.getCoalescedEvents?.() ?? [];
  for (const one of events.length ? events : [event]) lineTo(place(one));
});

for (const end of ["pointerup", "pointercancel"]) {
  paper.addEventListener(end, (event) => {
    if (event.pointerId !== stroke) return;
    stroke = null;
    askWith(copyOf(paper, SENT_SIDE), "image/png");
  });
}

document.getElementById("clear").addEventListener("click", clear);

// -- photos ---------------------------------------------------------------------------------

async function takePhoto(file) {
  clear();
  const number = question;
  let photo;
  try {
    photo = await createImageBitmap(file);
  } catch {
    if (number === question) showNothing("The browser can't read this file as a picture.", true);
    return;
  }
  if (number !== question) return;
  const scale = Math.min(paper.width / photo.width, paper.height / photo.height);
  const [width, height] = [photo.width * scale, photo.height * scale];
  paper.classList.add("photo");
  pen.drawImage(photo, (paper.width - width) / 2, (paper.height - height) / 2, width, height);
  const { types, bytes } = SENT_AS_IT_IS;
  const small = Math.max(photo.width, photo.height) <= PHOTO_SIDE;
  if (small && types.includes(file.type) && file.size <= bytes) ask(file);
  else askWith(copyOf(photo, PHOTO_SIDE), "image/jpeg");
}

function takeFirst(files) {
  if (files?.length) takePhoto(files[0]);
}

const file = document.getElementById("file");
document.getElementById("choose").addEventListener("click", () => file.click());
file.addEventListener("change", () => {
  takeFirst(file.files);
  file.value = ""; // so that the same file can be chosen again
});
document.addEventListener("paste", (event) => takeFirst(event.clipboardData?.files));
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
  takeFirst(event.dataTransfer?.files);
});

// -- the beginning --------------------------------------------------------------------------

fetch("/model").then((reply) => reply.json()).then((model) => {
  classes = model.classes;
  document.getElementById("model").textContent =
    `${model.name} reads it. Pictures go to your own server only, which keeps none.`;
  clear();
});
