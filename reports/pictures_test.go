package reports_test

import (
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// halved is a picture at half its size.
func halved(img *image.RGBA) *image.RGBA {
	from := img.Bounds()
	small := image.NewRGBA(image.Rect(0, 0, from.Dx()/2, from.Dy()/2))
	for y := range small.Rect.Dy() {
		for x := range small.Rect.Dx() {
			var r, g, b int
			for _, d := range []image.Point{{}, {X: 1}, {Y: 1}, {X: 1, Y: 1}} {
				p := img.RGBAAt(from.Min.X+2*x+d.X, from.Min.Y+2*y+d.Y)
				r, g, b = r+int(p.R), g+int(p.G), b+int(p.B)
			}
			const opaque = 255
			small.SetRGBA(x, y, color.RGBA{uint8(r / 4), uint8(g / 4), uint8(b / 4), opaque})
		}
	}
	return small
}

// top is the upper part of a picture.
func top(img *image.RGBA, most int) *image.RGBA {
	r := img.Bounds()
	r.Max.Y = min(r.Max.Y, r.Min.Y+most)
	part := image.NewRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	draw.Draw(part, part.Rect, img, r.Min, draw.Src)
	return part
}

// placed puts pictures beside and below one another.
func placed(rows [][]*image.RGBA) *image.RGBA {
	const gap = 12
	var size image.Point
	for _, row := range rows {
		wide, high := gap, 0
		for _, img := range row {
			wide, high = wide+img.Bounds().Dx()+gap, max(high, img.Bounds().Dy())
		}
		size.X, size.Y = max(size.X, wide), size.Y+high+gap
	}
	size.Y += gap
	all := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(all, all.Rect, image.NewUniform(color.RGBA{R: 150, G: 150, B: 150, A: 255}), image.Point{}, draw.Src)
	y := gap
	for _, row := range rows {
		x, high := gap, 0
		for _, img := range row {
			b := img.Bounds()
			draw.Draw(all, image.Rect(x, y, x+b.Dx(), y+b.Dy()), img, b.Min, draw.Src)
			x, high = x+b.Dx()+gap, max(high, b.Dy())
		}
		y += high + gap
	}
	return all
}

// paletted is a picture in its most frequent colours, which makes its file a third as large.
// Colours are rounded, or hardly any would be frequent.
func paletted(img *image.RGBA) *image.Paletted {
	const colours = 256
	round := func(c color.RGBA) color.RGBA {
		const keep = 0xf8
		return color.RGBA{c.R & keep, c.G & keep, c.B & keep, 255}
	}
	bounds, often := img.Bounds(), map[color.RGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			often[round(img.RGBAAt(x, y))]++
		}
	}
	all := slices.SortedFunc(maps.Keys(often), func(a, b color.RGBA) int {
		return cmp.Or(often[b]-often[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	palette := make(color.Palette, 0, colours)
	for _, c := range all[:min(len(all), colours)] {
		palette = append(palette, lifted(c))
	}
	nearest := make(map[color.RGBA]uint8, len(all))
	for _, c := range all {
		nearest[c] = uint8(palette.Index(lifted(c)))
	}
	out := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			out.SetColorIndex(x, y, nearest[round(img.RGBAAt(x, y))])
		}
	}
	return out
}

// lifted undoes the darkening of a rounded colour, so that white stays white.
func lifted(c color.RGBA) color.RGBA {
	return color.RGBA{c.R | c.R>>5, c.G | c.G>>5, c.B | c.B>>5, c.A}
}

func save(t *testing.T, file string, img image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, img)
	if closing := f.Close(); err != nil || closing != nil {
		t.Fatal(err, closing)
	}
}
