"""Frame Averaging's exercises: a frame, an average, and a frame that does not break."""

from labkit.equivariance.frame_averaging.exercise.average import equivariant_average
from labkit.equivariance.frame_averaging.exercise.frame import pca_frame
from labkit.equivariance.frame_averaging.exercise.repair import smooth_frame

# easiest first
EXERCISES = (pca_frame, equivariant_average, smooth_frame)
