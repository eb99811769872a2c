/** A whole number for people: 1,234,567. */
export function countText(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Rounded up to whole seconds: 45 s, 1 min 15 s, 2 h 0 min. */
export function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}
