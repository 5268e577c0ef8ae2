"""Two-body decays of mesons aimed at a detector: the energy is fixed by the angle, so only two numbers are drawn."""

import numpy as np

from darkhorn.chain.aim import Arrivals, arrive
from darkhorn.core.points import Axis
from darkhorn.core.rays import Floats, Rays
from darkhorn.core.species import mass
from darkhorn.detector.geometry import Shape
from darkhorn.models.channels import Line
from darkhorn.physics.fourvector import transverse_axes
from darkhorn.physics.two_body_lab import cone_half_azimuth, largest_angle_cosine, rest_cosines


def aim_line(parents: Rays, line: Line, shape: Shape, points: Floats) -> Arrivals:
    """Return one particle a parent, sent towards the detector.

    The cosine in the rest frame of the meson is uniform in the windows whose lab angle meets the cone that holds the
    detector, then the azimuth about the meson in the arc inside that cone; the weight is the share of the sphere that
    both stand for. From inside the detector's bounding sphere the whole sphere is used.

    Parameters
    ----------
    parents : Rays
        Decaying mesons at their decay point, (N,).
    line : Line
        The decay.
    shape : Shape
        Detector volume.
    points : (N, len(Axis)) float
        Points of the unit cube; ENERGY and AIM_PHI are used.

    Returns
    -------
    Arrivals
        N rows; ``rays.parent`` is the row of the parent.
    """
    gamma, beta = parents.energy / mass(line.parent), parents.beta
    axis, opening, forward = _cone(parents, shape)
    angle = np.arctan2(np.linalg.norm(np.cross(forward, axis), axis=1), np.einsum("ij,ij->i", forward, axis))
    outside = opening < np.pi
    nearest = np.where(outside, np.maximum(angle - opening, 0.0), 0.0)
    farthest = np.where(outside, np.minimum(angle + opening, np.pi), np.pi)
    fast, slow = _windows(line, gamma, beta, np.cos(nearest), np.cos(farthest))
    lengths = [high - low for low, high in (fast, slow)]
    along = points[:, Axis.ENERGY] * (lengths[0] + lengths[1])
    x = np.where(along < lengths[0], fast[0] + along, slow[0] + along - lengths[0])
    x = np.clip(x, -1.0, 1.0)
    sideways = line.momentum * np.sqrt((1.0 - x) * (1.0 + x))
    ahead = gamma * (line.momentum * x + beta * line.energy)
    energy = gamma * (line.energy + beta * line.momentum * x)
    theta = np.arctan2(sideways, ahead)
    reach = np.where(outside, cone_half_azimuth(theta, angle, opening), np.pi)
    phi = reach * (2.0 * points[:, Axis.AIM_PHI] - 1.0)
    direction = _turn(forward, axis, angle, theta, phi)
    share = 0.5 * (lengths[0] + lengths[1]) * reach / np.pi
    weight = parents.weight * line.branching * share
    return arrive(parents, energy, np.hypot(sideways, ahead), direction, weight, shape)


Window = tuple[Floats, Floats]


def _windows(line: Line, gamma: Floats, beta: Floats, c_high: Floats, c_low: Floats) -> tuple[Window, Window]:
    """Return the intervals of the rest-frame cosine, of both branches, with a lab cosine in [c_low, c_high]."""
    edge = largest_angle_cosine(gamma, beta, line.energy, line.mass)
    is_open = c_high > edge
    two = edge > -1.0
    fast_high, slow_low = rest_cosines(c_high, gamma, beta, line.energy, line.mass)
    fast_low, slow_high = rest_cosines(np.maximum(c_low, edge), gamma, beta, line.energy, line.mass)
    fast = np.where(is_open, fast_low, 0.0), np.where(is_open, np.maximum(fast_high, fast_low), 0.0)
    both = is_open & two
    slow = np.where(both, slow_low, 0.0), np.where(both, np.maximum(slow_high, slow_low), 0.0)
    return fast, slow


def _cone(parents: Rays, shape: Shape) -> tuple[Floats, Floats, Floats]:
    """Return the axis and half-opening of the cone that holds the detector (pi from inside), and the forward axis."""
    centre, radius = shape.bounding_sphere()
    to_centre = np.asarray(centre) - parents.x[:, 1:]
    distance = np.sqrt(np.einsum("ij,ij->i", to_centre, to_centre))
    outside = distance > radius
    safe = np.where(outside, distance, 1.0)
    axis = np.where(outside[:, None], to_centre / safe[:, None], [0.0, 0.0, 1.0])
    opening = np.where(outside, np.arcsin(np.minimum(radius / safe, 1.0)), np.pi)
    return axis, opening, parents.direction


def _turn(forward: Floats, axis: Floats, angle: Floats, theta: Floats, phi: Floats) -> Floats:
    """Return unit vectors at polar angle theta to ``forward`` and azimuth phi from the plane that holds ``axis``."""
    first, second = transverse_axes(forward)
    towards = axis - np.cos(angle)[:, None] * forward
    size = np.linalg.norm(towards, axis=1)
    tilted = size > 1.0e-12
    e1 = np.where(tilted[:, None], towards / np.where(tilted, size, 1.0)[:, None], first)
    e2 = np.where(tilted[:, None], np.cross(forward, e1), second)
    across = np.cos(phi)[:, None] * e1 + np.sin(phi)[:, None] * e2
    turned = np.cos(theta)[:, None] * forward + np.sin(theta)[:, None] * across
    direction: Floats = turned / np.linalg.norm(turned, axis=1)[:, None]
    return direction
