[project]
name = "$name"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["rawr-hq"]

[dependency-groups]
dev = ["mypy>=2.4", "pytest>=9", "ruff>=0.17"]

[tool.uv]
package = false

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
addopts = ["--strict-markers", "--strict-config", "--import-mode=importlib"]
anyio_mode = "auto"
filterwarnings = [
  "error",
  # The inngest SDK's own models; nothing here can change them.
  "ignore:Support for class-based `config` is deprecated",
]

[tool.mypy]
python_version = "3.11"
strict = true
mypy_path = "$$MYPY_CONFIG_FILE_DIR"
explicit_package_bases = true
files = ["rawr_hq.py", "packages", "plugins", "tests"]

[tool.ruff]
line-length = 100
target-version = "py311"

[tool.ruff.lint]
select = ["ASYNC", "B", "D2", "D3", "D4", "E", "F", "I", "RET", "RUF", "S", "SIM", "UP", "W"]
ignore = ["D203", "D213", "D401", "D413"]

[tool.ruff.lint.isort]
known-first-party = ["packages", "plugins", "rawr_hq", "tests"]

[tool.ruff.lint.per-file-ignores]
"tests/**" = ["S101"]
