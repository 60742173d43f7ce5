/** The user's own settings of Torc, and what a test runner wants of every process below it. */
const dropped = /^(TORC_|TAP|_TAPJS_|NODE_V8_COVERAGE$)/

/**
 * The environment of a measured process: nothing of it may change what is measured. NODE_OPTIONS stay (a profiler is
 * switched on by them), but not those of the test runner, which instruments modules.
 */
export function childEnvironment(): NodeJS.ProcessEnv {
  const environment = { ...process.env }
  for (const name of Object.keys(environment)) if (dropped.test(name)) delete environment[name]
  if (environment.NODE_OPTIONS?.includes('tapjs')) delete environment.NODE_OPTIONS
  return environment
}
