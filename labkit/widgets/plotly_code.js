// Plotly's widget code (5 MB) travels to the page once, in this widget, which shows nothing.
// The figures' own module (figure.js) is a few lines that wait here for it.
function deferred() {
  let resolve, reject;
  const promise = new Promise((good, bad) => {
    resolve = good;
    reject = bad;
  });
  return { promise, resolve, reject, begun: false };
}

export default {
  initialize({ model }) {
    const waiting = (globalThis.labkitPlotly ??= deferred());
    if (waiting.begun) return;
    waiting.begun = true;
    const address = URL.createObjectURL(new Blob([model.get("code")], { type: "text/javascript" }));
    import(address).then(waiting.resolve, waiting.reject);
  },
};
