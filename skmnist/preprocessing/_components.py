"""Which of the dark patches of a picture are the digit, and which are specks and edges."""

import numpy as np
from scipy import ndimage

_SMALLEST_DIGIT = 0.04  # of the picture's shorter side
_SPECK = 0.02  # of the area of the largest component
_PALE = 0.4  # of the largest component's squared darkness: paler, it is the rest of a shadow
_GAP = 0.3  # of the digit's longer side: parts of one digit lie at most so far apart


class Components:
    """The connected components of a mask, as arrays.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool
        Where ink may be.
    darkness : ndarray of shape (height, width)
        How dark it is there.
    """

    def __init__(self, mask, darkness):
        self.labels, n = ndimage.label(mask, np.ones((3, 3)))
        slices = ndimage.find_objects(self.labels)
        # A row each: top, left, bottom, right; as slices, without the last row and column.
        edges = [(r.start, c.start, r.stop, c.stop) for r, c in slices]
        self.boxes = np.array(edges, dtype=int).reshape(n, 4)
        self.areas = np.bincount(self.labels.ravel(), minlength=n + 1)[1:]
        # Of the square of darkness, so that a large pale shadow has less than dark ink.
        self.masses = np.bincount(self.labels.ravel(), darkness.ravel() ** 2, minlength=n + 1)[1:]
        self.shape = mask.shape

    def large(self):
        """Return the components that may be digits, and which lie inside the picture.

        The first are numbers, the second an array of bool for all components. What reaches the
        picture's border is its edge, the table or a shadow, unless there is nothing else.
        """
        sides = (self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1)
        large = sides >= max(3, _SMALLEST_DIGIT * min(self.shape))
        inside = (self.boxes[:, :2] > 0).all(axis=1) & (self.boxes[:, 2:] < self.shape).all(axis=1)
        return np.flatnonzero(large & inside if (large & inside).any() else large), inside

    def mask_of(self, numbers, cut=np.s_[:]):
        """Return where these components are, in the cut."""
        chosen = np.zeros(len(self.areas) + 1, bool)
        chosen[np.asarray(numbers, dtype=int) + 1] = True
        return chosen[self.labels[cut]]

    def box_of(self, numbers):
        """Return the box around these components: top, left, bottom, right."""
        return join(self.boxes[numbers])

    def around(self, main, among):
        """Return the numbers of `main` and of the components that belong to the same digit."""
        darkness = self.masses / self.areas
        alike = (self.areas >= _SPECK * self.areas[main]) & (darkness >= _PALE * darkness[main])
        among = [k for k in among if k != main and alike[k]]
        group, box, grown = [main], self.boxes[main], True
        while grown:
            reach = _GAP * (box[2:] - box[:2]).max()
            near = [k for k in among if k not in group and gap(box, self.boxes[k]) <= reach]
            group += near
            box, grown = self.box_of(group), bool(near)
        return group


def join(boxes):
    """Return the box around boxes."""
    return np.r_[boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)]


def gap(one, other):
    """Return how many pixels lie between two boxes, in the direction where they are more."""
    return max(np.maximum(one[:2], other[:2]) - np.minimum(one[2:], other[2:]))
