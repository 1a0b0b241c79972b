"""Drawn digits in forms that are rare in MNIST, and printed digits."""

import numpy as np

from skmnist.preprocessing import DigitNormalizer

from .drawing import distort, draw_curves, print_character, reduce


def one(rng):
    """Return a 1 with an upstroke, and sometimes a foot, as it is written in Europe."""
    top, bottom, x = 14, 98, rng.uniform(50, 66)
    lean = rng.uniform(-6, 14)
    length, angle = rng.uniform(14, 52), np.radians(rng.uniform(25, 65))
    bow = rng.uniform(-4, 4)
    flag_x = x + lean - length * np.cos(angle) * np.array([1, 0.5, 0])
    flag_y = top + length * np.sin(angle) * np.array([1, 0.5, 0]) + [0, bow, 0]
    curves = [(flag_x, flag_y), ((x + lean, x), (top, bottom))]
    if rng.random() < 0.25:
        half = rng.uniform(8, 26)
        curves.append(((x - half, x + half), (bottom, bottom + rng.uniform(-3, 3))))
    return draw_curves(curves, rng.uniform(5, 17)), 1


def nine(rng):
    """Return a 9 with a straight stem, or a tail that turns left."""
    radius_x, radius_y = rng.uniform(15, 26), rng.uniform(15, 24)
    x, y = 56, 14 + radius_y
    turn = np.linspace(-0.4, 2 * np.pi - rng.uniform(0, 0.5), 40)
    loop = x + radius_x * np.cos(turn), y - radius_y * np.sin(turn)
    reach, depth = rng.uniform(0, 46), rng.uniform(0, 12)
    along = np.linspace(0, 1, 30)
    tail_x = x + radius_x - reach * along**3 - rng.uniform(0, 8) * along
    tail_y = y - 4 + (98 - y) * np.sin(along * np.pi / 2) - depth * along**6
    return draw_curves([loop, (tail_x, tail_y)], rng.uniform(5, 17)), 9


def printed(rng):
    """Return a printed digit in one of matplotlib's fonts."""
    label = int(rng.integers(10))
    return print_character(str(label), rng), label


KINDS = {"one": (one, 0.4), "nine": (nine, 0.2), "printed": (printed, 0.4)}


def make_drawn_digits(n, seed):
    """Return `n` images in MNIST's format, as an array of shape (n, 784), and their labels."""
    functions, fractions = zip(*KINDS.values(), strict=True)
    rng = np.random.default_rng(seed)
    drawn = [functions[rng.choice(len(functions), p=fractions)](rng) for _ in range(n)]
    images = [reduce(distort(image, rng, amount=0.5)) for image, _ in drawn]
    return DigitNormalizer().transform(images), np.array([label for _, label in drawn])
