"""Law suites: what every matrix element, decay, scattering and detector has to obey, for ours and for your own.

Plain functions that raise AssertionError with a message that names the law, the point and both numbers.
"""

from darkhorn.testing.decay import check_decay
from darkhorn.testing.detector import check_detector
from darkhorn.testing.matrix_element import check_matrix_element
from darkhorn.testing.scattering import check_scattering

__all__ = ["check_decay", "check_detector", "check_matrix_element", "check_scattering"]
