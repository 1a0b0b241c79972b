"use strict";

// The forward pass of a network, without a library. The description of the network is JSON, written
// by skmnist; a tensor in it is {dtype, offset, size}: its place in the bytes of the weights.

// -- weights --------------------------------------------------------------------------------

function decodeHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return sign * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}

// dtype -> [bytes of a number, function from a buffer to an array]
const DTYPES = {
  float16: [2, (buffer) => Float32Array.from(new Uint16Array(buffer), decodeHalf)],
  float32: [4, (buffer) => new Float32Array(buffer)],
  float64: [8, (buffer) => new Float64Array(buffer)],
};

function decodeWeights(base64) {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)).buffer;
}

// Return a copy of a layer in which arrays replace the tensors.
function loadTensors(layer, buffer) {
  const load = (value) => {
    if (!value?.dtype) return value;
    const [bytes, decode] = DTYPES[value.dtype];
    return decode(buffer.slice(value.offset, value.offset + bytes * value.size));
  };
  return Object.fromEntries(Object.entries(layer).map(([name, value]) => [name, load(value)]));
}

// -- layers ---------------------------------------------------------------------------------

// Approximation 7.1.26 of Abramowitz and Stegun, with an error below 2e-7.
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const factors = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
  const polynomial = factors.reduce((sum, factor) => (sum + factor) * t, 0);
  return Math.sign(x) * (1 - polynomial * Math.exp(-x * x));
}

const ACTIVATIONS = {
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  leaky_relu: (x) => (x > 0 ? x : 0.01 * x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  silu: (x) => x / (1 + Math.exp(-x)),
};

// A layer's function gets and returns {data, shape}, with the shape [channels, height, width].
const LAYERS = { convolution, pool, dense, activation };

// Return the first index and the end of those for which 0 <= index * stride + shift < size.
function validRange(shift, stride, size, nIndices) {
  const first = Math.max(0, Math.ceil(-shift / stride));
  return [first, Math.min(nIndices, Math.ceil((size - shift) / stride))];
}

function outputSize(size, window, stride, padding) {
  return Math.floor((size + 2 * padding - window) / stride) + 1;
}

function convolution(input, { weight, bias, kernel, stride, padding }) {
  const [channels, height, width] = input.shape;
  const [kernelHeight, kernelWidth] = kernel;
  const outHeight = outputSize(height, kernelHeight, stride[0], padding[0]);
  const outWidth = outputSize(width, kernelWidth, stride[1], padding[1]);
  const data = new Float64Array(bias.length * outHeight * outWidth);
  let w = 0;
  for (let map = 0; map < bias.length; map++) {
    const mapStart = map * outHeight * outWidth;
    data.fill(bias[map], mapStart, mapStart + outHeight * outWidth);
    for (let channel = 0; channel < channels; channel++) {
      for (let i = -padding[0]; i < kernelHeight - padding[0]; i++) {
        const [top, bottom] = validRange(i, stride[0], height, outHeight);
        for (let j = -padding[1]; j < kernelWidth - padding[1]; j++) {
          const [left, right] = validRange(j, stride[1], width, outWidth);
          const factor = weight[w++];
          for (let y = top; y < bottom; y++) {
            const row = (channel * height + y * stride[0] + i) * width + j;
            const outRow = mapStart + y * outWidth;
            for (let x = left; x < right; x++) {
              data[outRow + x] += factor * input.data[row + x * stride[1]];
            }
          }
        }
      }
    }
  }
  return { data, shape: [bias.length, outHeight, outWidth] };
}

function pool(input, { kind, window, stride }) {
  const [channels, height, width] = input.shape;
  const outHeight = outputSize(height, window[0], stride[0], 0);
  const outWidth = outputSize(width, window[1], stride[1], 0);
  const data = new Float64Array(channels * outHeight * outWidth);
  for (let k = 0; k < data.length; k++) {
    const x = (k % outWidth) * stride[1];
    const y = (Math.floor(k / outWidth) % outHeight) * stride[0];
    const channel = Math.floor(k / (outWidth * outHeight));
    let maximum = -Infinity;
    let sum = 0;
    for (let i = y; i < y + window[0]; i++) {
      for (let j = x; j < x + window[1]; j++) {
        const value = input.data[(channel * height + i) * width + j];
        sum += value;
        if (value > maximum) maximum = value;
      }
    }
    data[k] = kind === "max" ? maximum : sum / (window[0] * window[1]);
  }
  return { data, shape: [channels, outHeight, outWidth] };
}

function dense(input, { weight, bias }) {
  const n = input.data.length;
  const data = Float64Array.from(bias, (value, unit) => {
    let sum = value;
    for (let i = 0; i < n; i++) sum += weight[unit * n + i] * input.data[i];
    return sum;
  });
  return { data, shape: [data.length, 1, 1] };
}

function activation({ data, shape }, { name }) {
  return { data: data.map(ACTIVATIONS[name]), shape };
}

// -- preprocessing steps of a pipeline -------------------------------------------------------

function transform(pixels, { shift, divisor, limits, matrix }) {
  const at = (values, i) => values[values.length > 1 ? i : 0];
  let x = pixels.map((value, i) => (value - at(shift, i)) / at(divisor, i));
  if (limits) x = x.map((value) => Math.min(Math.max(value, limits[0]), limits[1]));
  if (!matrix) return x;
  const n = matrix.length / x.length; // of the features after the step
  return Float64Array.from({ length: n }, (_, column) =>
    x.reduce((sum, value, i) => sum + value * matrix[i * n + column], 0));
}

// Return the image, and the image translated by one pixel in the four directions. The pixels of the
// border are repeated.
function translations({ data, shape }) {
  const [, height, width] = shape;
  const clip = (index, size) => Math.min(Math.max(index, 0), size - 1);
  return [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]].map(([down, right]) => ({
    data: data.map((_, k) => {
      const row = Math.floor(k / width); // one channel
      return data[clip(row + down, height) * width + clip((k % width) + right, width)];
    }),
    shape,
  }));
}

// -- network --------------------------------------------------------------------------------

function softmax(logits) {
  const maximum = logits.reduce((a, b) => Math.max(a, b));
  const powers = logits.map((logit) => Math.exp(logit - maximum));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

// Return the function that predicts the probabilities of the classes from the pixels of an image,
// in the range of the training images.
function loadNetwork(description) {
  const buffer = decodeWeights(description.weights);
  const steps = description.steps.map((step) => loadTensors(step, buffer));
  const layers = description.layers.map((layer) => loadTensors(layer, buffer));
  const run = (image) => layers.reduce((x, layer) => LAYERS[layer.type](x, layer), image).data;
  return (pixels) => {
    const x = steps.reduce(transform, Float64Array.from(pixels));
    const data = x.map((value) => value / description.pixel_scale);
    const image = { data, shape: description.input_shape };
    const images = description.test_time_augment ? translations(image) : [image];
    const isCrossEntropy = description.loss === "cross_entropy";
    const outputs = images.map(run).map((output) => (isCrossEntropy ? softmax(output) : output));
    const mean = Array.from(outputs[0], (_, i) =>
      outputs.reduce((sum, output) => sum + output[i], 0) / outputs.length);
    if (isCrossEntropy) return mean;
    // The outputs of the squared error estimate the probabilities.
    const positive = mean.map((value) => Math.max(value, 1e-6));
    const sum = positive.reduce((a, b) => a + b);
    return positive.map((value) => value / sum);
  };
}
