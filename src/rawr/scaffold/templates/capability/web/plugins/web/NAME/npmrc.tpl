omit-lockfile-registry-resolved=true
save-exact=true
