"""Conversions between values and text: timecodes, dates, counts and sizes, and text that XML can hold."""
