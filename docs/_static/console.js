// The theme logs every page view; keep the console for errors.
const log = console.log;
console.log = (...args) => String(args[0]).startsWith("[PST]") || log(...args);
