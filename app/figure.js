// A Plotly figure that is updated in place: no flicker, and zoom survives (Streamlit's own chart element is
// replaced whenever its figure changes). plotly.min.js comes from the installed plotly package, once a page.

let loading = null;

function plotly(path) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    // Streamlit's own scripts lie in <base>/static/js/, whatever proxy the page came through.
    const own = document.querySelector('script[src*="static/js/"]');
    script.src = new URL(path, own ? own.src.replace(/static\/js\/.*$/, "") : document.baseURI).href;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("plotly.min.js did not load"));
    document.head.appendChild(script);
  });
  return loading;
}

const drawings = new WeakMap();

export default function ({ data, parentElement }) {
  let held = drawings.get(parentElement);
  if (held === undefined) {
    const element = document.createElement("div");
    parentElement.appendChild(element);
    held = { element, queue: Promise.resolve(), latest: 0 };
    const resize = () => element.offsetParent && element.data && window.Plotly.Plots.resize(element);
    held.watcher = new ResizeObserver(() => requestAnimationFrame(resize));
    held.watcher.observe(parentElement);
    drawings.set(parentElement, held);
  }
  const { path, figure, name } = JSON.parse(new TextDecoder().decode(data));
  const { element } = held;
  element.style.minHeight = `${figure.layout.height ?? 440}px`;
  element.dataset.figure = name;
  const mine = ++held.latest;
  held.queue = held.queue
    .then(() => plotly(path))
    .then((Plotly) => {
      if (mine !== held.latest) return undefined; // a newer figure has arrived meanwhile
      const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d"] };
      return Plotly.react(element, { ...figure, config });
    })
    .then(() => {
      element.dataset.drawn = String(mine);
    })
    .catch((error) => {
      console.error(error);
      element.textContent = "The picture could not be drawn; reload the page.";
    });
  return () => {
    held.watcher.disconnect();
    if (window.Plotly && element.data) window.Plotly.purge(element);
    element.remove();
    drawings.delete(parentElement);
  };
}
