/**
 * Patterns that somebody at the other end of a connection may have written. The engine goes back over all that it
 * tried: a pattern of twenty characters can keep it at work for a year, and nothing interrupts it. So there are only
 * patterns whose cost grows with a small power of the text.
 */

const maxPattern = 256;
/** `.*a.*b.*` is one of three; with them and as many bars one text takes some 20 ms at worst. */
const maxQuantifiers = 3;
const maxBars = 6;
/** Texts are cut there. */
const maxText = 128;

/** A pattern that is safe to try on one text. */
export interface Pattern {
  test(text: string): boolean;
}

/**
 * Undefined for what is no pattern, and for one that could take for ever: quantifiers on groups, many quantifiers or
 * alternatives, references to groups, groups that look ahead or behind.
 *
 * @param text as Perl and JavaScript both have them
 */
export function patternOf(text: string): Pattern | undefined {
  if (text.length > maxPattern || !isTame(text)) return undefined;
  try {
    const expression = new RegExp(text);
    return { test: (tried) => expression.test(tried.slice(0, maxText)) };
  } catch {
    return undefined; // The caller tells what it was part of.
  }
}

function isTame(text: string): boolean {
  if (/\\[1-9k]/.test(text)) return false;
  // What is escaped or in brackets is a character like any other.
  const bare = text.replace(/\\./gs, "x").replace(/\[[^\]]*\]/g, "x");
  if (/\(\?(?!:)|\)(?:[*+?]|\{)/.test(bare)) return false;
  const count = (what: RegExp) => bare.replaceAll("(?:", "(").match(what)?.length ?? 0;
  return count(/[*+?]|\{\d*,?\d*\}/g) <= maxQuantifiers && count(/\|/g) <= maxBars;
}
