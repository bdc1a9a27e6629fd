"""The report of a study: results.json as a page, a PDF and a workbook.

Belongs here: what the results document holds, and everything that people read of it. Does not belong
here: how any number was had (pipelines/analysis, pipelines/study); settings, the warehouse, landing.
The one way in is `write.write_report(document, folder)`.

Nothing is imported here, so that the command line starts without chart and PDF libraries.
"""
