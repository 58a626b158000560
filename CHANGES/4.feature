Added the `pulp cargo` commands, a plugin of pulp-cli that manages repositories, remotes, distributions, content and tokens without any server package; errors are one line that says what to do.
