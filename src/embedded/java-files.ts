/** A properties file as Java reads it. */
export function propertiesText(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${String(value).replaceAll('\\', '\\\\')}\n`)
    .join('');
}

/** A Log4j configuration that writes to stdout; `pattern` is one of its layouts. */
export function consoleLogging(pattern: string): string {
  return `Configuration:
  status: WARN
  Appenders:
    Console:
      name: STDOUT
      PatternLayout:
        pattern: "${pattern}"
  Loggers:
    Root:
      level: INFO
      AppenderRef:
        - ref: STDOUT
`;
}
