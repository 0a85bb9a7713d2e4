{
  "key_id": "ed7de3919a5e33c8",
  "signature": "zVkQWxOtgP0uHi9ZcMSnuRChQFThztUQio3nMpbRZrncichu3QKNvzgRUS+hD7KNtIX7N+LvfWYhXEV516mZDw=="
}
