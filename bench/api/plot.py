"""The plot: requests per second of each, over the peer."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.api.contenders import FLOOR, OURS, PEER
from bench.api.figures import Figures
from bench.images.plot import FLOOR_COLOUR, OURS_COLOUR, PEER_COLOUR

COLOURS = {OURS: OURS_COLOUR, PEER: PEER_COLOUR, FLOOR: FLOOR_COLOUR}


def draw(figures: Figures, path: Path) -> None:
    """Bars, longer is better; no date in the file, so that git sees only what changed."""
    mpl.rcParams.update({"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "mediaport"})
    kinds = [kind for kind in figures.kinds if (kind, PEER) in figures.samples]
    figure = Figure(figsize=(11, 2.2), layout="constrained")
    figure.suptitle("Requests per second, over FastAPI's: longer is better", fontsize=10)
    for axes, kind in zip(figure.subplots(1, len(kinds), sharey=True), kinds, strict=True):
        ratios = {
            name: found.median if (found := figures.ratio(kind, name, PEER)) else 0
            for name in COLOURS
        }
        bars = axes.barh([*ratios], [*ratios.values()], color=[*COLOURS.values()])
        axes.bar_label(bars, [f"{it:.1f}" if it else "" for it in ratios.values()], padding=2)
        axes.set_title(kind, fontsize=9)
        axes.set_xlim(0, 1.3 * max(ratios.values()))
        axes.xaxis.set_visible(False)
        axes.yaxis.set_inverted(True)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.tick_params(left=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
