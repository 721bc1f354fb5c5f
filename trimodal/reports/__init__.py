"""The report of a run, as a page to read and to send."""

from trimodal.reports.collecting import collect_report
from trimodal.reports.writing import FORMATS, write_report

__all__ = ['FORMATS', 'collect_report', 'write_report']
