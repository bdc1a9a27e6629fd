"""How severe each rater is on one rubric element, as far as the data can tell.

Belongs here: which raters can be compared at all, the variance between raters, and each rater's
shrunk severity. Does not belong here: what a teacher's practice is worth (expertise), or any reading.

The model, one rubric element at a time (METHODS section 1):

    score = mean + teacher + rater + grade band + error,  rater ~ N(0, σ²r), error ~ N(0, σ²ε)

Teachers are fixed effects here: only scores of the *same* teacher by different raters speak of a
rater. A school whose teachers are all strong therefore keeps its strength, and does not count as a
school of lenient raters. A teacher's grade band is part of the teacher and drops out with them.

So raters can be compared only along teachers they share: the bipartite graph of raters and teachers
must hang together. Raters outside its largest part, and raters of few teachers, are reported and
their scores left as they are.

Sources: variance by fitting constants, Henderson (1953), "Estimation of variance and covariance
components", Biometrics 9(2) 226–252, method 3; shrunk effects by the mixed model equations,
Henderson (1975), Biometrics 31(2) 423–447. A graph that hangs together as the condition for
comparing effects: Searle (1987), Linear Models for Unbalanced Data, section 5.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array, diags_array, eye_array, hstack, triu, vstack
from scipy.sparse.csgraph import connected_components

MINIMUM_TEACHERS = 5
_TOLERANCE, _TOLERANCE_OF_A_DRAW = 1e-12, 1e-6
_DRAWS = 200
"""Solutions from which standard errors come: exact for as many raters, a 5 % sampling error beyond."""
_DRAWS_AT_ONCE = 20

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RaterEffects:
    """One entry per rater code 0 … R-1.

    teachers: distinct teachers scored. is_connected: hangs together with the largest group of
    comparable raters. is_adjusted: severity is estimated and to be taken out. severity: points of
    the scale by which the rater scores below the average rater, shrunk; 0 where not adjusted.
    severity_sd: how far the true severity may lie from it (standard deviation, points); 0 where not
    adjusted. rater_variance, residual_variance: in squared points; None where they can't be estimated.
    """

    teachers: Integers
    is_connected: Booleans
    is_adjusted: Booleans
    severity: Floats
    severity_sd: Floats
    rater_variance: float | None
    residual_variance: float | None


def rater_effects(
    teacher: npt.ArrayLike,
    rater: npt.ArrayLike,
    score: npt.ArrayLike,
    rater_count: int | None = None,
    minimum_teachers: int = MINIMUM_TEACHERS,
) -> RaterEffects:
    """The severity of every rater on one rubric element.

    teacher, rater, score: one entry per observation; codes are integers from 0, rater -1 where
    unknown. rater_count: how many rater codes there are; by default the largest code seen, plus one.

    A rater is adjusted with at least `minimum_teachers` teachers, in the largest connected part of the
    graph, where that part has two raters or more and the variance between raters is above 0.
    """
    teachers, raters = np.asarray(teacher, dtype=np.int64), np.asarray(rater, dtype=np.int64)
    scores = np.asarray(score, dtype=np.float64)
    known = raters >= 0
    teachers, raters, scores = teachers[known], raters[known], scores[known]
    size = rater_count if rater_count is not None else int(raters.max(initial=-1)) + 1
    teacher_codes, teachers = np.unique(teachers, return_inverse=True)
    pairs = _counts(teachers, raters, (len(teacher_codes), size))
    teacher_counts = np.bincount(pairs.nonzero()[1], minlength=size).astype(np.int64)
    is_connected, is_comparable = _connected(pairs, teacher_counts >= minimum_teachers)
    severity, severity_sd = np.zeros(size), np.zeros(size)
    variances: tuple[float, float] | None = None
    if is_comparable.any():
        used = is_comparable[raters]
        position = np.cumsum(is_comparable) - 1
        fit = _fit(teachers[used], position[raters[used]], scores[used], int(is_comparable.sum()))
        if fit is not None:
            effects, deviations, *found = fit
            variances = found[0], found[1]
            severity[is_comparable], severity_sd[is_comparable] = -effects, deviations
    is_adjusted = is_comparable & (variances is not None and variances[0] > 0)
    return RaterEffects(
        teachers=teacher_counts,
        is_connected=is_connected,
        is_adjusted=is_adjusted,
        severity=severity,
        severity_sd=severity_sd,
        rater_variance=variances[0] if variances else None,
        residual_variance=variances[1] if variances else None,
    )


def _counts(row: Integers, column: Integers, shape: tuple[int, int]) -> csr_array[Any]:
    """How often each row meets each column."""
    counts = coo_array((np.ones(len(row)), (row, column)), shape=shape).tocsr()
    counts.sum_duplicates()
    return counts


def _connected(pairs: csr_array[Any], is_eligible: Booleans) -> tuple[Booleans, Booleans]:
    """Who hangs together with the largest part, and whose severity can be compared inside it.

    The parts are those of raters with enough teachers: a link through a rater of two or three
    teachers would carry a whole school on hardly any scores. Other raters belong to the part that a
    teacher of theirs belongs to.
    """
    teacher_count, size = pairs.shape
    nothing = np.zeros(size, dtype=bool)
    if not is_eligible.any():
        return nothing, nothing
    kept = pairs @ diags_array(is_eligible.astype(float))
    kept.eliminate_zeros()
    graph = vstack(
        [
            hstack([csr_array((teacher_count, teacher_count)), kept]),
            hstack([kept.T, csr_array((size, size))]),
        ]
    ).tocsr()
    _, part = connected_components(graph, directed=False)
    teacher_part, rater_part = part[:teacher_count], part[teacher_count:]
    # the part with most teachers; of two equal ones that of the first rater, so that two runs agree
    teachers_by_part = np.bincount(teacher_part, minlength=part.max() + 1)
    candidates = rater_part[is_eligible]
    main = candidates[np.argmax(teachers_by_part[candidates])]
    in_main = (teacher_part == main).astype(float)
    is_connected = ((pairs != 0).T @ in_main) > 0
    is_comparable = is_eligible & (rater_part == main)
    return is_connected, is_comparable if is_comparable.sum() >= 2 else nothing


def _fit(teacher: Integers, rater: Integers, score: Floats, size: int) -> tuple[Floats, Floats, float, float] | None:
    """Shrunk effects (points above the average rater), their sd, σ²r, σ²ε; None where σ² can't be estimated."""
    codes, teacher = np.unique(teacher, return_inverse=True)
    per_teacher = np.bincount(teacher)
    centred = score - (np.bincount(teacher, weights=score) / per_teacher)[teacher]
    pairs = _counts(teacher, rater, (len(codes), size))
    # what raters share of each other after teachers are taken out: Z'MZ, singular along the constant
    shared = pairs.T @ diags_array(1.0 / per_teacher) @ pairs
    system = (diags_array(np.bincount(rater, minlength=size).astype(float)) - shared).tocsr()
    right = np.bincount(rater, weights=centred, minlength=size).astype(np.float64)
    degrees = len(score) - len(codes) - (size - 1)
    trace = float(system.diagonal().sum())
    if degrees < 1 or trace <= 0:
        return None
    within = float(centred @ centred)
    explained = float(_solve(system, right[:, None])[:, 0] @ right)
    residual_variance = max(0.0, within - explained) / degrees
    rater_variance = (explained - (size - 1) * residual_variance) / trace
    if rater_variance <= 0 or explained <= _TOLERANCE * max(within, 1.0):
        return np.zeros(size), np.zeros(size), 0.0, residual_variance
    ridge = residual_variance / rater_variance
    shrunk_system = (system + ridge * eye_array(size)).tocsr()
    effects = _solve(shrunk_system, right[:, None])[:, 0]
    is_small = size <= _DRAWS
    spread = np.diagonal(_solve(shrunk_system, np.eye(size))) if is_small else _sampled_spread(system, ridge)
    deviations = np.sqrt(residual_variance * np.maximum(spread, 0.0))
    return effects - effects.mean(), deviations, rater_variance, residual_variance


def _sampled_spread(system: csr_array[Any], ridge: float) -> Floats:
    """The diagonal of (system + ridge)⁻¹, from draws: x = (system + ridge)⁻¹ z has that covariance where z has
    system + ridge. The system is the Laplacian of the graph of raters who share teachers, so one normal
    number an edge gives a z with its covariance.
    """
    generator = np.random.default_rng(0)
    edges = triu(system, k=1).tocoo()
    size, count = system.shape[0], edges.nnz
    weights = np.sqrt(np.maximum(-edges.data, 0.0))
    incidence = csr_array(
        (np.r_[weights, -weights], (np.r_[edges.row, edges.col], np.r_[np.arange(count), np.arange(count)])),
        shape=(size, count),
    )
    shrunk = (system + ridge * eye_array(size)).tocsr()
    squares = np.zeros(size)
    for _ in range(_DRAWS // _DRAWS_AT_ONCE):
        drawn = incidence @ generator.standard_normal((count, _DRAWS_AT_ONCE))
        drawn += np.sqrt(ridge) * generator.standard_normal((size, _DRAWS_AT_ONCE))
        squares += (_solve(shrunk, drawn, _TOLERANCE_OF_A_DRAW) ** 2).sum(axis=1)
    return squares / _DRAWS


def _solve(system: csr_array[Any], right: Floats, tolerance: float = _TOLERANCE) -> Floats:
    """Conjugate gradients for each column of `right`, preconditioned by the diagonal.

    Time and memory grow with the links between raters, not with raters² (Hestenes & Stiefel 1952). A
    singular system is solved where `right` lies in its range.
    """
    diagonal = system.diagonal()
    inverse = (1.0 / np.where(diagonal > 0, diagonal, 1.0))[:, None]
    solution, residual = np.zeros_like(right), right.copy()
    direction = inverse * residual
    product = (residual * direction).sum(axis=0)
    goal = (tolerance * np.linalg.norm(right, axis=0)) ** 2
    for _ in range(20 * len(right) + 1000):
        if ((residual**2).sum(axis=0) <= goal).all():
            return solution
        image = system @ direction
        curvature = (direction * image).sum(axis=0)
        step = np.divide(product, curvature, out=np.zeros_like(product), where=curvature > 0)
        solution += step * direction
        residual -= step * image
        rested = inverse * residual
        before, product = product, (residual * rested).sum(axis=0)
        direction = rested + np.divide(product, before, out=np.zeros_like(product), where=before > 0) * direction
    if ((residual**2).sum(axis=0) <= 1e-12 * (right**2).sum(axis=0)).all():
        return solution
    raise ArithmeticError(
        f"the severity of {len(right)} raters could not be computed; look for raters who are joined to the "
        "others by hardly any teacher in common"
    )
