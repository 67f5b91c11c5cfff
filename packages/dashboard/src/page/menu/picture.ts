const HEAD_HEIGHT = 28;
const PADDING = 10;

/** The chart with a line above that says of what it is: alone, a picture says nothing of where it is from. */
export async function pictureBlob(chart: HTMLCanvasElement, text: string): Promise<Blob> {
  const ratio = devicePixelRatio;
  const canvas = document.createElement("canvas");
  canvas.width = chart.width;
  canvas.height = chart.height + HEAD_HEIGHT * ratio;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser draws no pictures");
  const style = getComputedStyle(document.documentElement);
  context.fillStyle = style.getPropertyValue("--panel").trim();
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(chart, 0, HEAD_HEIGHT * ratio);
  context.fillStyle = style.getPropertyValue("--text").trim();
  context.font = `600 ${13 * ratio}px 'Inter Variable', sans-serif`;
  context.fillText(text, PADDING * ratio, (HEAD_HEIGHT - PADDING) * ratio);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob === null ? reject(new Error("no picture was made")) : resolve(blob)), "image/png"),
  );
}
