// Runs in the browser, after GraphiQL's own script: starts it with what the page says.
(() => {
  const { workers, options } = JSON.parse(document.getElementById("settings").textContent);
  globalThis.MonacoEnvironment = { getWorkerUrl: (_module, label) => workers[label] };

  // GraphiQL looks for its last query and opens an empty tab when no tab holds exactly that; so what
  // the tab in front holds is said again.
  try {
    const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem("graphiql:tabState"));
    const front = tabs[activeTabIndex];
    for (const part of ["query", "variables", "headers"]) {
      if (front[part]) localStorage.setItem(`graphiql:${part}`, front[part]);
      else localStorage.removeItem(`graphiql:${part}`);
    }
  } catch {
    // Nothing is kept yet, or the browser keeps nothing.
  }

  globalThis.YogaGraphiQL.renderYogaGraphiQL(document.getElementById("root"), {
    ...options,
    // The schema's introduction, where it leaves room for a query and its answer.
    visiblePlugin: innerWidth < 1200 ? undefined : "Documentation Explorer",
    // Yoga's own list of plugins leaves out the history; GraphiQL's has it.
    plugins: undefined,
    // Yoga writes every query into the address, where a long one makes the page fail to load again.
    onEditQuery: () => undefined,
  });
})();
