"""The reference page of a document: Scalar where its bundle is, else a page of our own."""

from ._page import ReferenceFile, ReferencePage

__all__ = ["ReferenceFile", "ReferencePage"]
