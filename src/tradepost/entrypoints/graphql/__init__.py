"""The API for readers in GraphQL, beside REST: the same services, the same answers, one request.

`shape` makes its types from REST's bodies; a file for each subject says which field asks which
room; `limits` decides before anything runs whether a query may; `http` is its two operations.
"""
