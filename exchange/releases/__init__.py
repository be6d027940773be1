"""Releases: a dataset frozen with its card and checksums; downloaded, compared, made again byte for byte."""
