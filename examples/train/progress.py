"""How far training is: one line that is rewritten on a terminal, a line for every tenth otherwise. On stderr."""

import sys
import time


class Progress:
    WIDTH = 30

    def __init__(self, epochs, stream=sys.stderr):
        self.epochs, self.stream = epochs, stream
        self.rewrites = stream.isatty()
        self.every = 1 if self.rewrites else max(1, epochs // 10)
        self.start = time.monotonic()

    def due(self, done):
        return done % self.every == 0 or done == self.epochs

    def show(self, done, loss):
        left = (time.monotonic() - self.start) / done * (self.epochs - done)
        text = f"epoch {done:4} of {self.epochs}  loss {loss:.4f}  {left:4.0f} s left"
        if self.rewrites:
            bar, end = "#" * (self.WIDTH * done // self.epochs), "\n" if done == self.epochs else ""
            print(f"\r[{bar:{self.WIDTH}}] {text}", end=end, file=self.stream, flush=True)
        elif self.due(done):
            print(text, file=self.stream, flush=True)
