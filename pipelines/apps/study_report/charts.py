"""The charts, drawn as SVG.

Belongs here: one function a chart, from the rows of the document to marks on axes. Does not belong here:
what is said of a chart (the sections), where it stands.

Colours are Okabe and Ito's (2008) that reach 3:1 on white; whatever colour tells, shape or line width tells too.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.apps.study_report.effects import estimator_labels
from pipelines.apps.study_report.money import spending_totals
from pipelines.apps.study_report.people import SAMPLE_LABELS, measure_labels, samples_of
from pipelines.apps.study_report.words import Names, capital, count, names_of, share, usd

if TYPE_CHECKING:
    import altair as alt

BLUE, VERMILLION, GREEN, BLACK = "#0072B2", "#D55E00", "#007A5A", "#1d2530"
_GRID, _AXIS, _INK = "#e3e8ee", "#6b7683", "#1d2530"
_FONT = "Helvetica, Arial, sans-serif"
_WIDTH = 660
_ROW = 34
_MOST_LABELLED = 12
_LABEL_LETTERS = 30
_LETTER_WIDTH = 7.6


def draw(document: Mapping[str, Any], names_of_charts: Iterable[str]) -> dict[str, str]:
    """Each chart of these names as an SVG text."""
    names = names_of(document)
    return {name: _svg(name, _CHARTS[name](document, names)) for name in names_of_charts}


def _svg(name: str, chart: Any) -> str:
    import altair as alt
    import vl_convert

    spec = chart.to_dict()
    version = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    svg: str = vl_convert.vegalite_to_svg(spec, vl_version=version, allowed_base_urls=[])
    # the whole drawing is one image, described once: its marks are not
    svg = re.sub(r'\s(?:role|aria-[a-z]+)="[^"]*"', "", svg)
    # several charts stand in one page: each has ids of its own
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)


def _flow(document: Mapping[str, Any], names: Names) -> Any:
    import altair as alt

    steps = document["flow"]
    order = [_wrapped(f"{number}. {capital(step['step'])}", 26) for number, step in enumerate(steps, start=1)]
    panels: list[Any] = []
    for key, title, colour in (
        ("treated", names.treated_short, BLUE),
        ("comparison", names.comparison.capitalize(), VERMILLION),
    ):
        rows = [
            {"step": label, "n": step[key] or 0, "told": count(step[key], "hidden")}
            for label, step in zip(order, steps, strict=True)
        ]
        is_first, most = not panels, max([step[key] or 0 for step in steps])
        base = _of(rows).encode(
            y=alt.Y(
                "step:N",
                sort=order,
                title=None,
                axis=_row_axis(order) if is_first else alt.Axis(labels=False, ticks=False, domain=False),
            ),
            x=alt.X(
                "n:Q",
                title=f"Number of {names.units}",
                axis=alt.Axis(tickCount=4, format=",d"),
                scale=alt.Scale(domain=[0, 1.25 * (most or 1)], nice=False),
            ),
        )
        panel = base.mark_bar(color=colour, size=16) + base.mark_text(align="left", dx=5, color=_INK).encode(
            text="told:N"
        )
        panels.append(
            panel.properties(
                title=alt.TitleParams(title, anchor="start", fontSize=13), width=200, height=42 * len(rows)
            )
        )
    return _styled(alt.hconcat(*panels, spacing=24))


def _love(document: Mapping[str, Any], _names: Names) -> Any:
    import altair as alt

    rows = document["balance"]["rows"]
    samples = samples_of(rows)
    labels = [SAMPLE_LABELS[one] for one in samples]
    known = sorted(
        (row for row in rows if any(row.get(f"effect_size_{one}") is not None for one in samples)),
        key=lambda row: -abs(row.get("effect_size_before") or 0),
    )
    order = [_wrapped(label) for label in measure_labels(known)]
    points = [
        {"label": label, "sample": SAMPLE_LABELS[one], "size": abs(row[f"effect_size_{one}"])}
        for label, row in zip(order, known, strict=True)
        for one in samples
        if row.get(f"effect_size_{one}") is not None
    ]
    top = max(0.3, *(point["size"] for point in points)) * 1.05
    limits = _of([{"at": 0.05, "told": "0.05"}, {"at": 0.25, "told": "0.25"}])
    x = alt.X(
        "size:Q",
        title="Difference between the groups, without its sign (SD)",
        scale=alt.Scale(domain=[0, top], nice=False),
    )
    marks = (
        _of(points)
        .mark_point(filled=True, size=90, opacity=1)
        .encode(
            y=alt.Y("label:N", sort=order, title=None, axis=_row_axis(order, grid=True), scale=alt.Scale(domain=order)),
            x=x,
            color=alt.Color(
                "sample:N",
                title=None,
                sort=labels,
                scale=alt.Scale(domain=labels, range=_per_sample(samples, (VERMILLION, BLUE, GREEN))),
                legend=_legend(),
            ),
            shape=alt.Shape(
                "sample:N",
                title=None,
                sort=labels,
                scale=alt.Scale(domain=labels, range=_per_sample(samples, ("circle", "square", "triangle-up"))),
                legend=_legend(),
            ),
        )
    )
    lines = limits.mark_rule(strokeDash=[4, 3], color=_AXIS).encode(x="at:Q")
    told = limits.mark_text(dy=-8, color=_INK, fontSize=12).encode(x="at:Q", y=alt.value(0), text="told:N")
    return _styled(_fit(lines + told + marks, _ROW * len(order) + 90))


def _per_sample(samples: Sequence[str], values: Sequence[str]) -> list[str]:
    return [values[list(SAMPLE_LABELS).index(one)] for one in samples]


def _estimators(document: Mapping[str, Any], names: Names) -> Any:
    import altair as alt

    estimates = document["estimates"]
    named = zip(estimator_labels(estimates), estimates, strict=True)
    rows = [(label, row) for label, row in named if row["estimate"] is not None]
    kinds = ["Primary", "Others"]
    points = [
        {
            "label": _wrapped(label),
            "estimate": row["estimate"],
            "low": row["ci_low"],
            "high": row["ci_high"],
            "kind": kinds[0] if row.get("is_primary") else kinds[1],
        }
        for label, row in rows
    ]
    order = [point["label"] for point in points]
    base = _of(points).encode(
        y=alt.Y("label:N", sort=order, title=None, axis=_row_axis(order, grid=True)),
        color=alt.Color(
            "kind:N", title=None, scale=alt.Scale(domain=kinds, range=[BLUE, VERMILLION]), legend=_legend()
        ),
    )
    x = f"Effect on {names.treated}, with 95% interval ({names.outcome_unit})"
    ends = [
        0.0,
        *(end for point in points for end in (point["low"], point["estimate"], point["high"]) if end is not None),
    ]
    intervals = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title=x, axis=alt.Axis(tickCount=7), scale=alt.Scale(domain=_padded(ends, 0.04), nice=False)),
        x2="high:Q",
    )
    marks = base.mark_point(filled=True, size=110, opacity=1).encode(
        x="estimate:Q",
        shape=alt.Shape(
            "kind:N", title=None, scale=alt.Scale(domain=kinds, range=["diamond", "circle"]), legend=_legend()
        ),
    )
    return _styled(_fit(_zero("x") + intervals + marks, (_ROW + 8) * len(order) + 90))


def _event_study(document: Mapping[str, Any], names: Names) -> Any:
    import altair as alt

    rows = [row for row in document["event_study"] if row["estimate"] is not None]
    parts, widths = ["Before the start", "From the start on"], ["95% interval, one time", "95% band, all times"]
    points = [
        {
            "at": row["event_time"],
            "estimate": row["estimate"],
            "part": parts[row["event_time"] >= 0],
        }
        for row in rows
    ]
    intervals = [
        {
            "at": row["event_time"],
            "low": row[low],
            "high": row[high],
            "width": width,
            "part": parts[row["event_time"] >= 0],
        }
        for row in rows
        for width, low, high in ((widths[1], "band_low", "band_high"), (widths[0], "ci_low", "ci_high"))
        if row.get(low) is not None and row.get(high) is not None
    ]
    times = [row["event_time"] for row in rows]
    x = alt.X(
        "at:Q",
        title=names.event_time,
        scale=alt.Scale(domain=[min(times) - 0.5, max(times) + 0.5], nice=False),
        axis=alt.Axis(
            values=list(range(min(times), max(times) + 1)),
            labelExpr="datum.value > 0 ? '+' + datum.value : datum.value < 0 ? '−' + (-datum.value) : '0'",
            grid=False,
            labelOverlap=True,
        ),
    )
    title = f"Effect on {names.treated} ({names.outcome_unit})"
    lines = (
        _of(intervals)
        .mark_rule()
        .encode(
            x=x,
            y=alt.Y("low:Q", title=title),
            y2="high:Q",
            color=alt.Color(
                "part:N", title=None, scale=alt.Scale(domain=parts, range=[VERMILLION, BLUE]), legend=_legend()
            ),
            strokeWidth=alt.StrokeWidth(
                "width:N",
                title=None,
                scale=alt.Scale(domain=widths, range=[5, 1.4]),
                legend=_legend(symbolType="stroke", symbolStrokeColor=_INK),
            ),
        )
    )
    marks = (
        _of(points)
        .mark_point(filled=True, size=110, opacity=1, stroke="white", strokeWidth=1)
        .encode(
            x=x,
            y="estimate:Q",
            color=alt.Color(
                "part:N", title=None, scale=alt.Scale(domain=parts, range=[VERMILLION, BLUE]), legend=_legend()
            ),
            shape=alt.Shape(
                "part:N", title=None, scale=alt.Scale(domain=parts, range=["square", "circle"]), legend=_legend()
            ),
        )
    )
    start = _of([{"at": -0.5}]).mark_rule(strokeDash=[4, 3], color=_AXIS).encode(x="at:Q")
    return _styled(_fit(_zero("y") + start + lines + marks, 360))


def _cohorts(document: Mapping[str, Any], names: Names) -> Any:
    import altair as alt

    rows = [
        {"group": names.time(row["group"]), "weight": row["weight"], "told": share(row["weight"])}
        for row in document["cohorts"]
        if row.get("weight") is not None
    ]
    base = _of(rows).encode(
        x=alt.X(
            "group:N",
            sort=[row["group"] for row in rows],
            title=names.group,
            axis=alt.Axis(labelAngle=0, labelOverlap=True, ticks=False),
        ),
        y=alt.Y(
            "weight:Q",
            title="Weight in the average (share)",
            axis=alt.Axis(format="%", tickCount=4),
            scale=alt.Scale(domain=[0, 1.15 * max((row["weight"] for row in rows), default=1)], nice=False),
        ),
    )
    bars = base.mark_bar(color=BLUE, size=min(60, 400 // max(1, len(rows))))
    told = base.mark_text(dy=-9, color=_INK).encode(text="told:N") if len(rows) <= _MOST_LABELLED else None
    return _styled(_fit(bars + told if told else bars, 260))


def _smoothness(document: Mapping[str, Any], names: Names) -> Any:
    import altair as alt

    kinds = ["Excludes 0", "Includes 0"]
    rows = [
        {"m": row["m"], "low": row["ci_low"], "high": row["ci_high"], "kind": kinds[not row.get("excludes_zero")]}
        for row in document["sensitivity"]["smoothness"]
        if row.get("ci_low") is not None and row.get("ci_high") is not None
    ]
    colour, ends = alt.Scale(domain=kinds, range=[BLUE, VERMILLION]), [row["m"] for row in rows]
    base = _of(rows).encode(
        x=alt.X(
            "m:Q",
            title=f"M: how much a trend may bend ({names.outcome_unit} per period)",
            axis=alt.Axis(values=ends, grid=False, labelOverlap=True),
            scale=alt.Scale(domain=_padded(ends, 0.06), nice=False),
        )
    )
    y_title = f"95% interval of the effect ({names.outcome_unit})"
    lines = base.mark_rule(strokeWidth=3).encode(
        y=alt.Y("low:Q", title=y_title),
        y2="high:Q",
        color=alt.Color("kind:N", title=None, scale=colour, legend=_legend()),
    )
    shape = alt.Shape("kind:N", title=None, scale=alt.Scale(domain=kinds, range=["circle", "square"]), legend=_legend())
    marks = [
        base.mark_point(filled=True, size=70, opacity=1).encode(
            y=f"{end}:Q", color=alt.Color("kind:N", title=None, scale=colour, legend=_legend()), shape=shape
        )
        for end in ("low", "high")
    ]
    return _styled(_fit(alt.layer(_zero("y"), lines, *marks), 300))


def _plane(document: Mapping[str, Any], names: Names) -> Any:
    import altair as alt

    cost = document["cost"]
    draws = list(cost["plane"])
    points = (
        _of(draws)
        .mark_point(filled=True, size=22, opacity=0.55, color=BLUE)
        .encode(
            x=alt.X(
                "effect:Q",
                title=f"Effect ({names.outcome_unit})",
                axis=alt.Axis(tickCount=7),
                scale=alt.Scale(domain=_padded([0, *(draw["effect"] for draw in draws)]), nice=False),
            ),
            y=alt.Y(
                "cost_usd:Q",
                title=f"Incremental cost per {names.unit} (USD)",
                axis=alt.Axis(labelExpr=_DOLLARS, tickCount=6),
                scale=alt.Scale(domain=_padded([0, *(draw["cost_usd"] for draw in draws)]), nice=False),
            ),
        )
    )
    layers = [_zero("x"), _zero("y"), points]
    incremental = cost["incremental"]
    ends = [(incremental.get(key) or {}).get("estimate") for key in ("effect", "cost_usd")]
    if None not in ends:
        middle = _of([{"effect": ends[0], "cost_usd": ends[1], "told": "Estimate"}])
        layers.append(
            middle.mark_point(
                shape="diamond", filled=True, size=220, color=VERMILLION, stroke="white", strokeWidth=1.5, opacity=1
            ).encode(x="effect:Q", y="cost_usd:Q")
        )
        layers.append(
            middle.mark_text(dy=-18, fontSize=13, fontWeight="bold", color=_INK, stroke="white", strokeWidth=4).encode(
                x="effect:Q", y="cost_usd:Q", text="told:N"
            )
        )
        layers.append(
            middle.mark_text(dy=-18, fontSize=13, fontWeight="bold", color=_INK).encode(
                x="effect:Q", y="cost_usd:Q", text="told:N"
            )
        )
    return _styled(_fit(alt.layer(*layers), 380))


def _acceptability(document: Mapping[str, Any], names: Names) -> Any:
    import altair as alt

    rows = [row for row in document["cost"]["acceptability"] if row["probability"] is not None]
    curve = (
        _of(rows)
        .mark_line(color=BLUE, strokeWidth=2.5)
        .encode(
            x=alt.X(
                "willingness_to_pay_usd:Q",
                title=f"What one {names.outcome_unit} per {names.unit} is worth to the reader (USD)",
                axis=alt.Axis(labelExpr=_DOLLARS, grid=False, tickCount=6),
            ),
            y=alt.Y(
                "probability:Q",
                title="Chance that it is worth its cost",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", tickCount=5),
            ),
        )
    )
    half = _of([{"at": 0.5}]).mark_rule(strokeDash=[4, 3], color=_AXIS).encode(y="at:Q")
    return _styled(_fit(half + curve, 300))


def _spending(document: Mapping[str, Any], _names: Names) -> Any:
    import altair as alt

    rows = [
        {"label": _wrapped(row["label"]), "amount": row["amount_usd"], "told": usd(row["amount_usd"])}
        for row in spending_totals(document["cost"]["spending"])
    ]
    order = [row["label"] for row in rows]
    base = _of(rows).encode(
        y=alt.Y("label:N", sort=order, title=None, axis=_row_axis(order)),
        x=alt.X(
            "amount:Q",
            title="PD spending, all years (USD)",
            axis=alt.Axis(labelExpr=_DOLLARS, tickCount=5),
            scale=alt.Scale(domain=[0, 1.22 * (max(row["amount"] for row in rows) or 1)], nice=False),
        ),
    )
    bars = base.mark_bar(color=BLUE, size=18) + base.mark_text(align="left", dx=5, color=_INK).encode(text="told:N")
    return _styled(_fit(bars, (_ROW + 10) * len(rows) + 60))


_DOLLARS = "(datum.value < 0 ? '−$' : '$') + format(abs(datum.value), ',d')"
_CHARTS: Mapping[str, Callable[[Mapping[str, Any], Names], Any]] = {
    "flow": _flow,
    "love": _love,
    "estimators": _estimators,
    "event_study": _event_study,
    "cohorts": _cohorts,
    "smoothness": _smoothness,
    "plane": _plane,
    "acceptability": _acceptability,
    "spending": _spending,
}


def _of(rows: Iterable[Mapping[str, Any]]) -> Any:
    import altair as alt

    return alt.Chart(alt.Data(values=list(rows)))  # type: ignore[no-untyped-call]


def _wrapped(text: str, letters: int = _LABEL_LETTERS) -> str:
    return "\n".join(textwrap.wrap(text, letters)) or text


def _padded(values: Sequence[float], by: float = 0.08) -> list[float]:
    low, high = min(values), max(values)
    room = by * (high - low or 1)
    return [low - room, high + room]


def _row_axis(labels: Sequence[str], grid: bool = False) -> alt.Axis:
    import altair as alt

    longest = max((len(line) for label in labels for line in label.split("\n")), default=0)
    return alt.Axis(
        labelExpr="split(datum.value, '\\n')",
        labelLimit=400,
        # a reader's font may be wider than the one that was measured
        minExtent=longest * _LETTER_WIDTH,
        # a label of two lines would begin at its row's height: its middle belongs there
        labelOffset={"condition": {"test": "indexof(datum.value, '\\n') > 0", "value": -8}, "value": 0},
        ticks=False,
        domain=False,
        grid=grid,
        labelPadding=8,
    )


def _legend(**more: Any) -> alt.Legend:
    import altair as alt

    return alt.Legend(orient="top", direction="horizontal", labelLimit=400, symbolSize=110, columnPadding=26, **more)


def _zero(axis: str) -> Any:
    import altair as alt

    at = {axis: alt.X("at:Q") if axis == "x" else alt.Y("at:Q")}
    return _of([{"at": 0}]).mark_rule(color=_AXIS, strokeWidth=1.2).encode(**at)


def _fit(chart: Any, height: float) -> Any:
    import altair as alt

    return chart.properties(width=_WIDTH, height=height, autosize=alt.AutoSizeParams(type="fit", contains="padding"))


def _styled(chart: Any) -> Any:
    return (
        chart.configure(
            font=_FONT, background="#ffffff", aria=False, padding={"left": 6, "top": 6, "right": 24, "bottom": 6}
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=13,
            titleFontSize=13,
            titleFontWeight="normal",
            titlePadding=10,
            labelColor=_INK,
            titleColor=_INK,
            gridColor=_GRID,
            domainColor=_AXIS,
            tickColor=_AXIS,
            labelFlush=False,
            labelBound=24,
        )
        .configure_legend(labelFontSize=13, labelColor=_INK)
        .configure_text(fontSize=13)
    )
