// A figure's module: wait for Plotly's (plotly_code.js brings it), and be it.
function deferred() {
  let resolve, reject;
  const promise = new Promise((good, bad) => {
    resolve = good;
    reject = bad;
  });
  return { promise, resolve, reject, begun: false };
}

export default async () => {
  const { promise } = (globalThis.labkitPlotly ??= deferred());
  const widget = (await promise).default;
  return typeof widget === "function" ? await widget() : widget;
};
