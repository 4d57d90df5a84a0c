"""The corruptions of MedMNIST-C for grey sets, by their published kinds and severities (F. Di Salvo et al., MedMNIST-C,
arXiv 2406.17536), on images as MedMNIST has them. The severities were published for images of 224 x 224: on 28 x 28,
where nothing averages 64 pixels into one, noise is 8 times as strong and blur 8 times as wide.

Letters in the shapes: B images, h, w height and width. Images are uint8, and so is what becomes of them.
"""

import io
import math

import numpy as np
from PIL import Image

SEVERITIES = 5


def to_pixels(values):
    """From 0..1, cut as the published corruptions cut."""
    return (np.clip(values, 0, 1) * 255).astype(np.uint8)


def each(images, change):
    return np.stack([np.asarray(change(Image.fromarray(image))) for image in images])


# ------------------------------------------------------------------------------------------------------- digital --

def pixelate(images, share, generator):
    """Averaged to `share` of the size, then enlarged in squares."""
    height, width = images.shape[1:]
    small = int(width * share), int(height * share)
    return each(images, lambda image: image.resize(small, Image.BOX).resize((width, height), Image.BOX))


def jpeg_compression(images, quality, generator):
    def through_jpeg(image):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file)
    return each(images, through_jpeg)


# --------------------------------------------------------------------------------------------------------- noise --

def gaussian_noise(images, deviation, generator):
    return to_pixels(images / 255 + generator.normal(scale=deviation, size=images.shape))


def speckle_noise(images, deviation, generator):
    return to_pixels(images / 255 * (1 + generator.normal(scale=deviation, size=images.shape)))


def impulse_noise(images, share, generator):
    """Half of the pixels that are hit become black, half white."""
    hit, white = generator.random(images.shape) < share, generator.random(images.shape) < 0.5
    return np.where(hit, np.where(white, 255, 0), images).astype(np.uint8)


def shot_noise(images, photons, generator):
    """A white pixel counts so many."""
    return to_pixels(generator.poisson(images / 255 * photons) / photons)


# ---------------------------------------------------------------------------------------------------------- blur --

def blurred_along(images, kernel, axis):
    """Both sides of the kernel [2r + 1] are alike; the border is mirrored."""
    reach = len(kernel) // 2
    padding = [(reach, reach) if place == axis else (0, 0) for place in range(3)]
    padded = np.pad(images, padding, mode="reflect")
    size = images.shape[axis]
    return sum(weight * padded.take(range(start, start + size), axis)
               for start, weight in enumerate(kernel))


def gaussian_blur(images, size, generator):
    """Of a kernel of so many pixels, whose deviation follows from them."""
    deviation = 0.3 * ((size - 1) * 0.5 - 1) + 0.8
    kernel = np.exp(-0.5 * (np.arange(-(size // 2), size // 2 + 1) / deviation) ** 2)
    kernel /= kernel.sum()
    return blurred_along(blurred_along(images.astype(float), kernel, 1), kernel, 2).round().astype(np.uint8)


def motion_path(radius, deviation, angle):
    """Weights and offsets (down, right) of what a pixel's light has passed, on one side of it."""
    steps = np.arange(2 * math.ceil(radius) + 1)
    weights = np.exp(-0.5 * (steps / deviation) ** 2)
    down, right = (np.ceil(steps * part - 0.5).astype(int) for part in (math.sin(angle), math.cos(angle)))
    return weights / weights.sum(), down, right


def motion_blur_of(image, radius, deviation, angle):
    weights, down, right = motion_path(radius, deviation, angle)
    rows, columns = np.indices(image.shape)
    height, width = image.shape
    return sum(weight * image[np.clip(rows + y, 0, height - 1), np.clip(columns + x, 0, width - 1)]
               for weight, y, x in zip(weights, down, right))


def motion_blur(images, parameters, generator):
    """Radius and deviation in pixels; in a direction of its own, up to 45 degrees off the horizontal, for each image."""
    angles = np.radians(generator.uniform(-45, 45, len(images)))
    return np.stack([motion_blur_of(image.astype(float), *parameters, angle)
                     for image, angle in zip(images, angles)]).round().astype(np.uint8)


# ------------------------------------------------------------------------------------------------------ exposure --

def scaled_about(images, centre, factor):
    return np.clip(centre + factor * (images.astype(float) - centre), 0, 255).astype(np.uint8)


def brightness(images, factor, generator):
    return scaled_about(images, 0, factor)


def contrast(images, factor, generator):
    """About the mean of each image."""
    return scaled_about(images, np.floor(images.mean(axis=(1, 2), keepdims=True) + 0.5), factor)


def gamma_correction(images, gamma, generator):
    return to_pixels((images / 255) ** gamma)


# ---------------------------------------------------------------------------------------------------- what exists --

EXPOSURE = {"brightness_up": (brightness, (1.1, 1.2, 1.3, 1.4, 1.5)),
            "brightness_down": (brightness, (0.9, 0.8, 0.7, 0.6, 0.5)),
            "contrast_up": (contrast, (1.1, 1.2, 1.3, 1.4, 1.6)),
            "contrast_down": (contrast, (0.9, 0.8, 0.7, 0.6, 0.4)),
            "gamma_corr_up": (gamma_correction, (1.1, 1.2, 1.3, 1.4, 1.6)),
            "gamma_corr_down": (gamma_correction, (0.9, 0.8, 0.7, 0.6, 0.4))}

# Of each set: kind, what it does, and its parameter at severities 1 to 5.
CORRUPTIONS = {
    "pneumoniamnist": {
        "pixelate": (pixelate, (0.8, 0.7, 0.6, 0.5, 0.4)),
        "jpeg_compression": (jpeg_compression, (50, 30, 15, 10, 7)),
        "gaussian_noise": (gaussian_noise, (0.04, 0.05, 0.06, 0.07, 0.08)),
        "speckle_noise": (speckle_noise, (0.05, 0.07, 0.10, 0.15, 0.20)),
        "impulse_noise": (impulse_noise, (0.005, 0.01, 0.013, 0.017, 0.02)),
        "shot_noise": (shot_noise, (300, 200, 150, 100, 80)),
        "gaussian_blur": (gaussian_blur, (3, 5, 7, 9, 11)),
        **EXPOSURE},
    "breastmnist": {
        "pixelate": (pixelate, (0.30, 0.25, 0.20, 0.15, 0.10)),
        "jpeg_compression": (jpeg_compression, (50, 30, 15, 10, 7)),
        "speckle_noise": (speckle_noise, (0.10, 0.15, 0.20, 0.25, 0.30)),
        "motion_blur": (motion_blur, ((5, 5), (9, 7), (9, 10), (13, 10), (17, 12))),
        "brightness_up": (brightness, (1.4, 1.5, 1.6, 1.8, 2.0)),
        "brightness_down": (brightness, (0.55, 0.5, 0.45, 0.4, 0.3)),
        "contrast_down": (contrast, (0.9, 0.8, 0.7, 0.6, 0.4))},
}


def corrupted(images, set_name, kind, severity):
    """[B, h, w], severity 1 to 5; the same for the same images."""
    change, parameters = CORRUPTIONS[set_name][kind]
    place = 100 * list(CORRUPTIONS[set_name]).index(kind) + severity
    return change(images, parameters[severity - 1], np.random.default_rng(place))
