"""The plot: every contender beside sharp's best recipe."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.images.contenders import BEST, OURS, Contender
from bench.images.figures import Figures, Measure

TITLES = {
    Measure.WALL: "wall",
    Measure.CPU: "CPU",
    Measure.PEAK: "peak memory",
    Measure.BYTES: "bytes out",
    Measure.DISTANCE: "1 - SSIM",
}
OURS_COLOUR, PEER_COLOUR, FLOOR_COLOUR = "#2a7d4f", "#8d99a6", "#d5dae0"


def draw(figures: Figures, path: Path) -> None:
    """Bars, shorter is better; no date in the file, so that git sees only what changed."""
    mpl.rcParams.update({"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "mediaport"})
    groups = {"JPEG": figures.large_jpegs, "PNG and WebP": figures.others}
    shown = [(title, photos) for title, photos in groups.items() if photos]
    figure = Figure(figsize=(11, 0.4 + 2.4 * len(shown)), layout="constrained")
    figure.suptitle(f"Each over {BEST.name}: shorter is better", fontsize=10)
    rows = figure.subplots(len(shown), len(TITLES), squeeze=False, sharey=True)
    for row, (group, photos) in zip(rows, shown, strict=True):
        for axes, (measure, title) in zip(row, TITLES.items(), strict=True):
            _bars(
                axes,
                {
                    each: figures.ratio(measure, photos, BEST, each) or 0
                    for each in figures.contenders
                },
            )
            axes.set_title(title, fontsize=9)
        row[0].set_ylabel(group)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def _bars(axes: Axes, values: dict[Contender, float]) -> None:
    bars = axes.barh(
        [each.name for each in values],
        [*values.values()],
        color=[_colour(each) for each in values],
    )
    labels = [f"{value:.2f}" if value else "" for value in values.values()]
    for label in axes.bar_label(bars, labels, padding=2):
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
    axes.axvline(1, color="#333333", linewidth=0.7, zorder=0)
    axes.set_xlim(0, 1.25 * max(1, *values.values()))
    axes.xaxis.set_visible(False)
    axes.yaxis.set_inverted(True)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.tick_params(left=False)


def _colour(contender: Contender) -> str:
    if contender == OURS:
        return OURS_COLOUR
    return FLOOR_COLOUR if contender.is_floor else PEER_COLOUR
