"use strict";

// What DigitNormalizer does with a drawing of dark strokes on white: find the digit, bring it to
// MNIST's stroke width, size and position. The constants and their reasons are in
// skmnist/preprocessing. Images are square arrays of numbers, in row-major order.

const MIN_CONTRAST = 0.12;
const THRESHOLDS = [0.65, 0.5];
const MIN_DIGIT_SIDE = 0.04;
const [MIN_STROKE_RADIUS, MAX_STROKE_RADIUS] = [0.02, 0.25];
const MIN_DOMINANCE = 4;
const MIN_AREA = 0.02;
const MIN_DARKNESS = 0.4;
const MAX_DISTANCE = 0.3;
const MAX_SPECK_DISTANCE = 2;
const BLUR = 0.012;
const MAX_BLUR = 0.3;
const EDGE_WIDTH = 0.4;
const [MIN_STROKE_WIDTH, MAX_STROKE_WIDTH] = [2, 4.6];
const MNIST_SIDE = 20; // of the digit, for which the stroke widths are measured

const clip = (value, low, high) => Math.min(Math.max(value, low), high);
const total = (values) => values.reduce((a, b) => a + b, 0);
const largest = (values) => values.reduce((a, b) => Math.max(a, b));

// -- images ---------------------------------------------------------------------------------

// Convolve each line of an image: its rows (step 1) or its columns (step `size`).
function filterLines(image, size, kernel, step) {
  const radius = (kernel.length - 1) / 2;
  const filtered = new Float64Array(image.length);
  const line = new Float64Array(size + 2 * radius);
  for (let n = 0; n < size; n++) {
    const start = n * (step === 1 ? size : 1);
    for (let i = 0; i < line.length; i++) {
      line[i] = image[start + clip(i - radius, 0, size - 1) * step]; // the border is repeated
    }
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let j = 0; j < kernel.length; j++) sum += kernel[j] * line[i + j];
      filtered[start + i * step] = sum;
    }
  }
  return filtered;
}

function gaussianFilter(image, size, sigma) {
  const radius = Math.floor(4 * sigma + 0.5);
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - radius) / sigma) ** 2));
  const norm = total(kernel);
  const normalized = kernel.map((value) => value / norm);
  return filterLines(filterLines(image, size, normalized, 1), size, normalized, size);
}

// Return the square of an image that begins at a row and a column; it is 0 beyond the border.
function cutOut(image, size, top, left, newSize) {
  const part = new Float64Array(newSize * newSize);
  for (let row = Math.max(top, 0); row < Math.min(top + newSize, size); row++) {
    for (let column = Math.max(left, 0); column < Math.min(left + newSize, size); column++) {
      part[(row - top) * newSize + column - left] = image[row * size + column];
    }
  }
  return part;
}

// Return how many of the four neighbors of a pixel are in the mask; none are beyond the border.
function countNeighbors(mask, size, k) {
  const column = k % size;
  return (mask[k - size] ?? 0) + (mask[k + size] ?? 0)
    + (column > 0 ? mask[k - 1] : 0) + (column < size - 1 ? mask[k + 1] : 0);
}

function dilate(mask, size, iterations) {
  let dilated = mask;
  for (let i = 0; i < iterations; i++) {
    const previous = dilated;
    dilated = previous.map((value, k) => value || Number(countNeighbors(previous, size, k) > 0));
  }
  return dilated;
}

// Return the distance of each pixel in the mask to the nearest pixel outside of it, at most `limit`.
function distanceTransform(mask, size, limit = Infinity) {
  const inColumn = Float64Array.from(mask, (value) => (value ? Infinity : 0));
  for (let k = size; k < mask.length; k++) {
    inColumn[k] = Math.min(inColumn[k], inColumn[k - size] + 1);
  }
  for (let k = mask.length - size - 1; k >= 0; k--) {
    inColumn[k] = Math.min(inColumn[k], inColumn[k + size] + 1);
  }
  return inColumn.map((distance, k) => {
    const column = k % size;
    let squared = Math.min(distance, limit) ** 2;
    for (let i = 1; i < size && i * i < squared; i++) {
      if (i <= column) squared = Math.min(squared, i * i + inColumn[k - i] ** 2);
      if (i < size - column) squared = Math.min(squared, i * i + inColumn[k + i] ** 2);
    }
    return Math.sqrt(squared);
  });
}

// Return the bounding box of the pixels that are not zero: top, left, bottom, right.
function boundingBox(image, size) {
  const box = [size, size, 0, 0];
  image.forEach((value, k) => {
    if (value) growBox(box, Math.floor(k / size), k % size);
  });
  return box;
}

function growBox(box, row, column) {
  box[0] = Math.min(box[0], row);
  box[1] = Math.min(box[1], column);
  box[2] = Math.max(box[2], row + 1);
  box[3] = Math.max(box[3], column + 1);
}

const longerSide = ([top, left, bottom, right]) => Math.max(bottom - top, right - left);

// -- connected components -------------------------------------------------------------------

// Return the pixels, the bounding box, the area and the mass of each component of dark pixels.
function findComponents(darkness, size, threshold) {
  const isFree = Uint8Array.from(darkness, (value) => Number(value > threshold));
  const components = [];
  for (let seed = 0; seed < isFree.length; seed++) {
    if (!isFree[seed]) continue;
    isFree[seed] = 0;
    const pixels = [seed];
    const box = [size, size, 0, 0];
    for (const k of pixels) {
      const [row, column] = [Math.floor(k / size), k % size];
      growBox(box, row, column);
      for (let i = Math.max(row - 1, 0); i <= Math.min(row + 1, size - 1); i++) {
        for (let j = Math.max(column - 1, 0); j <= Math.min(column + 1, size - 1); j++) {
          if (isFree[i * size + j]) {
            isFree[i * size + j] = 0;
            pixels.push(i * size + j);
          }
        }
      }
    }
    const mass = total(pixels.map((k) => darkness[k] ** 2));
    components.push({ pixels, box, area: pixels.length, side: longerSide(box), mass });
  }
  return components;
}

function maskOf(components, size) {
  const mask = new Uint8Array(size * size);
  for (const { pixels } of components) for (const k of pixels) mask[k] = 1;
  return mask;
}

// Return whether a component at the border has a stroke width and covers no corner.
function isStroke(component, size) {
  const mask = maskOf([component], size);
  if ([0, size - 1, size * (size - 1), size * size - 1].some((corner) => mask[corner])) return false;
  const radius = largest(distanceTransform(cutOut(mask, size, -1, -1, size + 2), size + 2)) / component.side;
  return radius >= MIN_STROKE_RADIUS && radius <= MAX_STROKE_RADIUS;
}

// Return the components that may be digits, and those that are not parts of the border.
function digitCandidates(components, size) {
  const atBorder = ({ box }) => Math.min(box[0], box[1]) === 0 || Math.max(box[2], box[3]) === size;
  const large = components.filter(({ side }) => side >= Math.max(3, MIN_DIGIT_SIDE * size));
  const free = new Set(components.filter((component) => !atBorder(component)));
  const inside = large.filter((component) => free.has(component));
  if (!inside.length) return [large, free];
  const minMass = MIN_DOMINANCE * Math.max(...inside.map(({ mass }) => mass));
  for (const component of large) {
    if (!free.has(component) && component.mass >= minMass && isStroke(component, size)) {
      free.add(component);
    }
  }
  return [large.filter((component) => free.has(component)), free];
}

function boxDistance(first, second) {
  const gap = (axis) =>
    Math.max(first[axis], second[axis]) - Math.min(first[axis + 2], second[axis + 2]);
  return Math.max(gap(0), gap(1));
}

function union(first, second) {
  return first.map((edge, i) => (i < 2 ? Math.min(edge, second[i]) : Math.max(edge, second[i])));
}

// Return the main component and the others that belong to the same digit.
function groupAround(main, candidates) {
  const isSimilar = ({ area, mass }) =>
    area >= MIN_AREA * main.area && mass / area >= MIN_DARKNESS * (main.mass / main.area);
  let rest = candidates.filter((component) => component !== main && isSimilar(component));
  const group = [main];
  let box = main.box;
  for (let grown = true; grown;) {
    const reach = MAX_DISTANCE * longerSide(box);
    const isNear = (component) =>
      boxDistance(box, component.box) <= Math.min(reach, MAX_SPECK_DISTANCE * component.side);
    const near = rest.filter(isNear);
    grown = near.length > 0;
    group.push(...near);
    rest = rest.filter((component) => !near.includes(component));
    box = group.map((component) => component.box).reduce(union);
  }
  return { group, box };
}

// -- segmentation ---------------------------------------------------------------------------

function percentile(values, percent) {
  const sorted = Float64Array.from(values).sort();
  const position = (percent / 100) * (sorted.length - 1);
  const low = Math.floor(position);
  return sorted[low] + (position - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

// Return the components of the largest digit, or null if there is none.
function findDigit(darkness, size) {
  const smooth = gaussianFilter(darkness, size, 1);
  const n = Math.max(5, Math.floor(smooth.length / 1000));
  let contrast = total(smooth.slice().sort().slice(-n)) / n;
  let digit = null;
  for (const threshold of THRESHOLDS) {
    if (contrast < MIN_CONTRAST) return null;
    const components = findComponents(smooth, size, threshold * contrast);
    const [candidates, free] = digitCandidates(components, size);
    if (!candidates.length) return null;
    const main = candidates.reduce((a, b) => (b.mass > a.mass ? b : a));
    contrast = percentile(main.pixels.map((k) => smooth[k]), 60);
    digit = { main, others: free.has(main) ? [...free] : candidates, contrast };
  }
  return { ...groupAround(digit.main, digit.others), contrast: digit.contrast };
}

// Return the strokes of a digit from 0 to 1, in a square around it, and the size of the square.
function foregroundOf({ group, box, contrast }, darkness, size) {
  const side = longerSide(box);
  const margin = Math.max(3, Math.floor(side / 8));
  const newSize = side + 4 * margin; // space for the blur and for dilated strokes
  const cut = (image) => cutOut(image, size, box[0] - 2 * margin, box[1] - 2 * margin, newSize);
  const mask = Uint8Array.from(cut(maskOf(group, size)));
  const outline = total(mask.map((value, k) => value && countNeighbors(mask, newSize, k) < 4));
  const strokeWidth = (2 * total(mask)) / outline;
  const sigma = Math.min(BLUR * side, MAX_BLUR * strokeWidth);
  const smooth = gaussianFilter(cut(darkness), newSize, sigma);
  const nearby = dilate(mask, newSize, Math.max(2, Math.floor(margin / 4)));
  const strokes = smooth.map((value, k) =>
    nearby[k] && clip((value / contrast - 0.5) / EDGE_WIDTH + 0.5, 0, 1));
  return [strokes, newSize];
}

// Dilate or erode strokes whose width is outside of MNIST's range.
function normalizeStrokeWidth(foreground, size) {
  const mask = Uint8Array.from(foreground, (value) => Number(value >= 0.5));
  const depth = distanceTransform(mask, size);
  const side = longerSide(boundingBox(mask, size));
  const strokeWidth = ((4 * total(depth)) / total(mask)) * (MNIST_SIDE / side);
  const target = clip(strokeWidth, MIN_STROKE_WIDTH, MAX_STROKE_WIDTH);
  const change = (((target - strokeWidth) / 2) * side) / MNIST_SIDE;
  if (Math.abs(change) < 0.5) return foreground;
  if (change > 0) {
    const distance = distanceTransform(mask.map((value) => 1 - value), size, change + 1);
    return foreground.map((_, k) => clip(change - distance[k] + 0.5, 0, 1));
  }
  // Erode at most so far that something is left of a small dot.
  const shift = Math.max(change, 0.5 - largest(depth));
  return foreground.map((_, k) => clip(shift + depth[k] + 0.5, 0, 1));
}

// -- resampling -----------------------------------------------------------------------------

// Return the bounding box of the foreground, padded to a square and resampled by area weighting.
function cropAndResample(foreground, size, newSize, minSide) {
  const box = boundingBox(foreground, size);
  const side = Math.max(longerSide(box), minSide);
  const top = box[0] - Math.floor((side - (box[2] - box[0])) / 2);
  const left = box[1] - Math.floor((side - (box[3] - box[1])) / 2);
  const weight = (target, source) => {
    const [start, end] = [(source * newSize) / side, ((source + 1) * newSize) / side];
    return Math.max(0, Math.min(end, target + 1) - Math.max(start, target));
  };
  const resampled = new Float64Array(newSize * newSize);
  for (let row = box[0]; row < box[2]; row++) {
    for (let column = box[1]; column < box[3]; column++) {
      const value = foreground[row * size + column];
      if (!value) continue;
      const [y, x] = [row - top, column - left];
      for (let i = Math.floor((y * newSize) / side); i < ((y + 1) * newSize) / side; i++) {
        for (let j = Math.floor((x * newSize) / side); j < ((x + 1) * newSize) / side; j++) {
          resampled[i * newSize + j] += value * weight(i, y) * weight(j, x);
        }
      }
    }
  }
  const scale = (255 * largest(foreground)) / largest(resampled);
  // Round to 9 digits first, so that halves round up in spite of floating-point errors.
  return resampled.map((value) => Math.floor(Math.round(value * scale * 1e9) / 1e9 + 0.5));
}

function centerOfMass(crop, size) {
  const mass = total(crop);
  const row = total(crop.map((value, k) => value * (Math.floor(k / size) + 0.5)));
  return [row / mass, total(crop.map((value, k) => value * ((k % size) + 0.5))) / mass];
}

// Paste the crop into a blank image, with its center of mass or its own center in the middle.
function paste(crop, size, [height, width], byMass) {
  const [row, column] = byMass
    ? centerOfMass(crop, size).map((c, i) => Math.trunc([height, width][i] / 2 + 1 - c))
    : [Math.floor((height - size) / 2), Math.floor((width - size) / 2)];
  const image = new Array(height * width).fill(0);
  crop.forEach((value, k) => {
    const [y, x] = [row + Math.floor(k / size), column + (k % size)];
    if (y >= 0 && y < height && x >= 0 && x < width) image[y * width + x] = value;
  });
  return image;
}

// Return the input of the network for a drawing, levels from 0 to 255, or null if it is empty.
// `gray` has the levels of the drawing, from 0 (black) to 1 (white).
function normalizeDrawing(gray, size, shape, options) {
  const darkness = Float64Array.from(gray, (level) => 1 - level);
  const digit = findDigit(darkness, size);
  if (!digit) return null;
  let [foreground, newSize] = foregroundOf(digit, darkness, size);
  if (options.stroke_width === "auto") foreground = normalizeStrokeWidth(foreground, newSize);
  const crop = cropAndResample(foreground, newSize, options.digit_size, options.min_side);
  return paste(crop, options.digit_size, shape, options.center_of_mass);
}
