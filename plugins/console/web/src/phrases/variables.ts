// The variables of quick phrases, as the desk replaces them in greetings: each once, from left to
// right; an unknown name in braces stays as it is; "{{" gives "{".
export interface Variables {
  buyer: string;
  order: string;
  parcel: string;
  agent: string;
}

export interface Expanded {
  text: string;
  missing: (keyof Variables)[];
}

export function expand(text: string, values: Variables): Expanded {
  const missing: (keyof Variables)[] = [];
  const out = text.replace(/\{\{|\{(buyer|order|parcel|agent)\}/g, (whole, name?: keyof Variables) => {
    if (!name) return '{';
    const value = values[name];
    if (value) return value;
    if (!missing.includes(name)) missing.push(name);
    return whole;
  });
  return { text: out, missing };
}
