{
  "key_id": "ed7de3919a5e33c8",
  "signature": "n+hTanx6BdQYEtSRzm5+0fwfvjKqTuqcSMHRlNijJRXzVfAU7xikewgpzyn4T0IcW4yKwd0koH9oCZ1zJ83mBw=="
}
