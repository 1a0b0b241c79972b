"use strict";

// The network in the page itself predicts drawings, without a server.

const description = JSON.parse(document.getElementById("description").textContent);
const network = loadNetwork(description);

// Return the probabilities of the classes for an image, a flat array of pixels in the range of the
// training images. Other scripts and the browser's console can call it, too.
function predictProba(pixels) {
  return network(pixels);
}

function predictDrawing(drawing) {
  const { width, height } = drawing;
  const { data } = drawing.getContext("2d").getImageData(0, 0, width, height);
  const gray = Float64Array.from({ length: width * height }, (_, k) => data[4 * k] / 255);
  const { shape, normalizer, pixel_max: pixelMax } = description;
  const image = normalizeDrawing(gray, width, shape, normalizer);
  if (!image) return { error: "Nothing to predict: the drawing is empty or too small." };
  const probabilities = predictProba(image.map((level) => (level * pixelMax) / 255));
  return { label: labelFor(probabilities), probabilities, image };
}

// Return the label of the most probable class, or that of a rejected image.
function labelFor(probabilities) {
  const confidence = Math.max(...probabilities);
  if (confidence < description.threshold) return description.reject_label;
  return description.classes[probabilities.indexOf(confidence)];
}

start({
  ...description,
  privacy: "Your drawings stay in this browser.",
  predictDrawing,
});
