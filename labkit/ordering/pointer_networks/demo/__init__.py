"""Pointer Networks' interactive pictures, in teaching order."""

from labkit.ordering.pointer_networks.demo.learned import generalise, plateau, vocabulary
from labkit.ordering.pointer_networks.demo.plane import delaunay, held_karp, point, tours

DEMOS = (point, vocabulary, generalise, tours, held_karp, delaunay, plateau)
