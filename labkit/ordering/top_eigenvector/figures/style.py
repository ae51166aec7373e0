"""One colour an algorithm, in all pictures."""

from labkit.plotting import COLOURS, TRUTH

COLOUR = {
    "heavy rows + blocks": COLOURS[0],
    "block power alone": COLOURS[1],
    "Oja, best rate": COLOURS[2],
    "Oja, eta = c/t, best c": COLOURS[7],
    "Price-Xun": COLOURS[3],
    "largest row": COLOURS[6],
    "Frequent Directions": COLOURS[4],
    "reservoir": COLOURS[5],
    "covariance": TRUTH,
}
ORDERS = {
    "random": "random order",
    "aligned_first": "along v₁ first",
    "aligned_last": "along v₁ last",
    "by_norm": "largest first",
    "bursty": "in bursts",
    "given": "as given",
}
