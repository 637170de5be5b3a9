.$kebab form { margin-bottom: .5rem; }
.$kebab input { flex: 1 1 12rem; max-width: 24rem; }
.$kebab :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
