// A drawing pad: a curve drawn by hand, as so many heights from left to right.
//
//   const pad = mount(element, { points, low, high, value, xLabel, yLabel, onChange });
//   pad.set(values);   // show other heights (ignored while the user draws)
//   pad.destroy();
//
// `value` is the first curve and what Reset returns to (or `initial`, where that differs).
// `onChange(values, finished)` is called while drawing (`finished` false, at most ten times a second) and
// once at the end of each stroke (`finished` true). Mouse, pen and touch draw; with the keyboard, left and
// right choose a point, up and down move it, R resets. The notebook (anywidget) and the dashboard
// (a Streamlit component) both mount this file.

const SVG = "http://www.w3.org/2000/svg";
const INK = "#222222";
const CURVE = "#D55E00";
const GRID = "#E4E7EB";
const LINE = "#9AA5B1";
const FONT = "Inter, 'Segoe UI', Helvetica, Arial, sans-serif";

function shape(name, attributes, parent, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent.appendChild(made);
  return made;
}

export function mount(element, options) {
  const { points, low, high, xLabel = "x", yLabel = "y", onChange = () => {} } = options;
  // On a projected page, whose type is larger, so is the pad's.
  const scale = Math.max(1, parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1);
  const height = (options.height ?? 240) * scale;
  const frame = { left: 58 * scale, right: 588, top: 12, bottom: height - 44 * scale };
  const clip = (y) => Math.min(high, Math.max(low, y));
  const tidy = (y) => Number(clip(y).toPrecision(3));
  const proper = (values) => Array.from({ length: points }, (_, i) => tidy(Number(values?.[i] ?? 0) || 0));
  const initial = proper(options.initial ?? options.value);
  let values = proper(options.value);
  let chosen = -1; // the point that the keyboard moves
  let last = null; // the pointer's last place while drawing
  let told = 0;

  const root = document.createElement("div");
  root.className = "sketchpad";
  root.style.cssText = `position:relative;width:100%;max-width:900px;font-family:${FONT}`;
  const svg = shape("svg", { tabindex: 0, role: "application" }, root);
  svg.setAttribute(
    "aria-label",
    `Draw ${yLabel} against ${xLabel}. Left and right choose a point, up and down move it, R resets.`,
  );
  svg.style.cssText = "display:block;width:100%;touch-action:none;cursor:crosshair;user-select:none";
  svg.style.height = `${height}px`;

  const x = (i) => frame.left + ((frame.right - frame.left) * i) / Math.max(points - 1, 1);
  const y = (v) => frame.bottom - ((frame.bottom - frame.top) * (v - low)) / (high - low);
  let line;
  let mark;

  // The axes, the curve and the mark, at the width that there is: type keeps its size.
  function build(width) {
    frame.right = Math.max(width, 160) - 12;
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${frame.right + 12} ${height}`);
    const { left, right, top, bottom } = frame;
    const label = { "font-size": 14 * scale, fill: INK, "text-anchor": "middle" };
    for (let tick = 0; tick <= 4; tick += 1) {
      const v = low + ((high - low) * tick) / 4;
      const at = { ...label, x: left - 8, y: y(v) + 5 * scale, "text-anchor": "end" };
      shape("line", { x1: left, x2: right, y1: y(v), y2: y(v), stroke: GRID }, svg);
      shape("text", at, svg, Number(v.toPrecision(3)));
    }
    if (low < 0 && high > 0) {
      shape("line", { x1: left, x2: right, y1: y(0), y2: y(0), stroke: LINE, "stroke-dasharray": "4 4" }, svg);
    }
    shape("rect", { x: left, y: top, width: right - left, height: bottom - top, fill: "none", stroke: LINE }, svg);
    shape("text", { ...label, x: (left + right) / 2, y: height - 14 * scale }, svg, xLabel);
    const middle = (top + bottom) / 2;
    shape("text", { ...label, x: 14 * scale, y: middle, transform: `rotate(-90 ${14 * scale} ${middle})` }, svg, yLabel);
    line = shape("polyline", { fill: "none", stroke: CURVE, "stroke-width": 2.5, "stroke-linejoin": "round" }, svg);
    mark = shape("circle", { r: 6, fill: "white", stroke: INK, "stroke-width": 2 }, svg);
    paint();
  }

  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Reset";
  button.title = "Back to the first curve (R)";
  button.style.cssText =
    `position:absolute;right:20px;top:18px;font:${13 * scale}px ${FONT};` +
    "padding:2px 10px;border:1px solid #9AA5B1;" +
    "border-radius:6px;background:rgba(255,255,255,.9);color:#1F2933;cursor:pointer";
  root.appendChild(button);
  element.appendChild(root);

  function paint() {
    line.setAttribute("points", values.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(" "));
    mark.setAttribute("visibility", chosen < 0 ? "hidden" : "visible");
    if (chosen >= 0) {
      mark.setAttribute("cx", x(chosen));
      mark.setAttribute("cy", y(values[chosen]));
    }
  }

  function tell(finished) {
    const now = Date.now();
    if (!finished && now - told < 100) return;
    told = now;
    onChange([...values], finished);
  }

  // The pointer's place as (index, height), index not rounded.
  function place(event) {
    const seen = svg.getBoundingClientRect();
    const px = ((event.clientX - seen.left) / seen.width) * (frame.right + 12);
    const py = ((event.clientY - seen.top) / seen.height) * height;
    const i = ((px - frame.left) / (frame.right - frame.left)) * (points - 1);
    const v = low + ((frame.bottom - py) / (frame.bottom - frame.top)) * (high - low);
    return { i: Math.min(points - 1, Math.max(0, i)), v: clip(v) };
  }

  // A stroke sets every point that it passes over, so that a fast hand leaves no holes.
  function stroke(from, to) {
    const [a, b] = from.i <= to.i ? [from, to] : [to, from];
    for (let i = Math.ceil(a.i); i <= Math.floor(b.i); i += 1) {
      const share = b.i === a.i ? 1 : (i - a.i) / (b.i - a.i);
      values[i] = tidy(a.v + share * (b.v - a.v));
    }
    values[Math.round(to.i)] = tidy(to.v);
    paint();
  }

  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    svg.setPointerCapture(event.pointerId);
    chosen = -1;
    last = place(event);
    stroke(last, last);
    tell(false);
  });
  svg.addEventListener("pointermove", (event) => {
    if (last === null) return;
    const here = place(event);
    stroke(last, here);
    last = here;
    tell(false);
  });
  const finish = () => {
    if (last === null) return;
    last = null;
    tell(true);
  };
  svg.addEventListener("pointerup", finish);
  svg.addEventListener("pointercancel", finish);

  function reset() {
    values = [...initial];
    chosen = -1;
    paint();
    tell(true);
  }
  button.addEventListener("click", reset);
  svg.addEventListener("keydown", (event) => {
    const fine = (high - low) / (event.shiftKey ? 10 : 40);
    if (event.key === "ArrowLeft") chosen = Math.max(0, chosen - 1);
    else if (event.key === "ArrowRight") chosen = Math.min(points - 1, chosen + 1);
    else if (event.key === "ArrowUp" && chosen >= 0) values[chosen] = tidy(values[chosen] + fine);
    else if (event.key === "ArrowDown" && chosen >= 0) values[chosen] = tidy(values[chosen] - fine);
    else if (event.key === "r" || event.key === "R") return reset();
    else return;
    event.preventDefault();
    paint();
    if (event.key === "ArrowUp" || event.key === "ArrowDown") tell(true);
  });

  build(600);
  const watcher = new ResizeObserver(([entry]) => {
    if (entry.contentRect.width > 0) build(entry.contentRect.width);
  });
  watcher.observe(root);
  return {
    get value() {
      return [...values];
    },
    set(next) {
      if (last !== null) return;
      values = proper(next);
      paint();
    },
    destroy() {
      watcher.disconnect();
      root.remove();
    },
  };
}
