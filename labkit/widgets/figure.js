// A figure's module: wait for Plotly's (plotly_code.js brings it), and be it.
function deferred() {
  let resolve, reject;
  const promise = new Promise((good, bad) => {
    resolve = good;
    reject = bad;
  });
  return { promise, resolve, reject, begun: false };
}

// Plotly draws before the element is on the page, so it cannot know how wide it is; and does not see its
// column widen. With `responsive` in its configuration it has a handler, which we call.
function fitted(widget) {
  return {
    ...widget,
    render(context) {
      const clean = widget.render(context);
      const { el } = context;
      const seen = new ResizeObserver(() => el._responsiveChartHandler?.());
      seen.observe(el);
      return () => {
        seen.disconnect();
        clean?.();
      };
    },
  };
}

export default async () => {
  const { promise } = (globalThis.labkitPlotly ??= deferred());
  const widget = (await promise).default;
  return fitted(typeof widget === "function" ? await widget() : widget);
};
